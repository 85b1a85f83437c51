import { Accelerator, Model, parameterCountGap } from '@llmsim/contracts'
import type { TestApi } from './test-api.js'
import { check } from './test-api.js'

export interface CatalogSuite {
  readonly name: string
  readonly models?: Iterable<unknown>
  readonly accelerators?: Iterable<unknown>
}

/**
 * The suite of every catalog: entries match their schemas, no name or alias stands for two of them, a
 * model's architecture gives its published parameter count to 1 %. (That an accelerator's peaks rise as
 * its number formats get narrower is in its schema.)
 */
export function testCatalog({ describe, it }: TestApi, catalog: CatalogSuite): void {
  const models = [...(catalog.models ?? [])]
  const accelerators = [...(catalog.accelerators ?? [])]

  describe(`catalog ${catalog.name}`, () => {
    it('has entries', () => {
      check(models.length + accelerators.length > 0, () => 'it is empty')
    })

    it('has no name or alias twice', () => {
      for (const entries of [models, accelerators]) {
        const seen = new Set<string>()
        for (const name of entries.flatMap(namesOf)) {
          check(!seen.has(name), () => `${name} stands for two entries`)
          seen.add(name)
        }
      }
    })

    for (const entry of models)
      it(`describes model ${namesOf(entry)[0] ?? '?'}`, () => {
        const model = Model.parse(entry)
        const gap = parameterCountGap(model)
        if (gap === undefined) return
        const { derived, published } = gap
        check(
          false,
          () =>
            `published.parameters: its architecture has ${derived} parameters, published are ${published}`,
        )
      })

    for (const entry of accelerators)
      it(`describes accelerator ${namesOf(entry)[0] ?? '?'}`, () => {
        Accelerator.parse(entry)
      })
  })
}

function namesOf(entry: unknown): string[] {
  if (typeof entry !== 'object' || entry === null || !('name' in entry)) return []
  const aliases =
    'aliases' in entry && Array.isArray(entry.aliases) ? (entry.aliases as unknown[]) : []
  return [entry.name, ...aliases].map(String)
}
