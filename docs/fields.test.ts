/** The documents name every field of a scenario, with its flag and default, and of a results file. */
import {
  KvCacheUse,
  Latency,
  LatencyFigures,
  MemoryUse,
  ResultsDocument,
  Scenario,
  UtilizationSplit,
} from '@llmsim/contracts'
import type { z } from 'zod'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { arrows } from '../scripts/arrows.mjs'
import { llmsim } from './testing/command-line.js'
import { fieldRows, quoted } from './testing/field-table.js'
import { root } from './testing/markdown-fence.js'
import { leavesOf } from './testing/schema-leaves.js'

const sorted = (fields: Iterable<unknown>): unknown[] => [...fields].sort()

/** What a pool has like the whole. */
const ofPool = new Set<z.ZodType>([MemoryUse, KvCacheUse, UtilizationSplit, LatencyFigures])

describe('docs/results.md', () => {
  it('describes the fields of a results file, and no others', () => {
    const documented = fieldRows('docs/results.md').map(([field = '']) => quoted(field))
    const fields = leavesOf(
      ResultsDocument,
      (at, schema) =>
        schema === Latency || at === 'scenario' || (at.startsWith('pools') && ofPool.has(schema)),
    )
    expect(sorted(documented)).toEqual(sorted(fields))
  })
})

describe('docs/scenario.md', () => {
  const rows = fieldRows('docs/scenario.md').map(([field = '', flag = '', standard = '']) => ({
    field: quoted(field) ?? field,
    flag: quoted(flag),
    standard: quoted(standard),
  }))

  it('describes the fields of a scenario, and no others', () => {
    const fields = leavesOf(Scenario, (at) =>
      /^(disaggregation\.(prefill|decode)|pools\[\])\.(interconnect|scheduler|router|autoscaling)$/.test(
        at,
      ),
    )
    expect(sorted(rows.map(({ field }) => field))).toEqual(sorted(fields))
  })

  it('names the flag of each field', async () => {
    const source = pathToFileURL(path.join(root, 'apps/cli/src/flags.ts')).href
    const { scenarioFlags } = (await import(/* @vite-ignore */ source)) as {
      scenarioFlags: readonly { flag: string; field: string }[]
    }
    const documented = rows.filter(({ flag }) => flag !== undefined)
    expect(sorted(documented.map(({ field, flag }) => `${field} ${flag ?? ''}`))).toEqual(
      sorted(scenarioFlags.map(({ field, flag }) => `${field} ${flag}`)),
    )
  })

  it('states the default of each field that has a constant one', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-docs-'))
    try {
      const pool = { n_xpus: 8, tensor_parallel_size: 8 }
      const common = { model: 'llama2-70b', cluster: { xpu: 'mi300x' } }
      const scenarios = [
        { ...common, parallelism: { tensor_parallel_size: 8 } },
        { ...common, disaggregation: { prefill: pool, decode: pool } },
        { ...common, model: 'tiny-1b', faults: { every_s: 60 } },
        { ...common, model: 'tiny-1b', autoscaling: {} },
        {
          ...common,
          model: 'tiny-1b',
          pools: [{ role: 'prefill' }, { role: 'decode' }],
          kv_transfer: { topology: {} },
        },
      ]
      const resolved: Record<string, unknown>[] = []
      for (const scenario of scenarios) {
        writeFileSync(path.join(folder, 'scenario.json'), JSON.stringify(scenario))
        const { stdout } = await llmsim(['config', 'check', 'scenario.json', '--json'], folder)
        resolved.push(JSON.parse(stdout))
      }
      for (const { field, standard } of rows) {
        if (standard === undefined || !/^[\d"{tf]/.test(standard) || standard === 'fp8') continue
        const found = resolved.map((scenario) => valueAt(scenario, field))
        expect(found, field).toContainEqual(JSON.parse(standard))
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('docs/guides/choose-a-cost-model.md', () => {
  it.each(['calibrated', 'roofline', 'fixed'])('describes the options of %s', async (name) => {
    const text = readFileSync(path.join(root, 'docs/guides/choose-a-cost-model.md'), 'utf8')
    const section = text.split('\n## ').find((part) => part.startsWith(`\`${name}\``)) ?? ''
    const documented = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, option]) => option)
    const line = `estimate --model llama3-8b --xpu h100 --cost-model ${name} --set cost_model.options.nothing=1`
    const { stderr } = await llmsim(line.split(' '), root)
    const accepted = /accepted: (.*)/.exec(stderr)?.[1]?.split(', ') ?? []
    expect(sorted(documented)).toEqual(sorted(accepted))
    expect(accepted.length).toBeGreaterThan(0)
  })
})

describe('docs/architecture.md', () => {
  it('states which package may import which', () => {
    const rows = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter(([, name = '']) => (quoted(name) ?? '') in arrows)
    const stated = rows.map(([, name = '', , targets = '']) => [
      quoted(name),
      [...targets.matchAll(/`([^`]+)`/g)].map(([, target]) => target),
    ])
    expect(Object.fromEntries(stated)).toEqual(arrows)
  })
})

function valueAt(object: unknown, field: string): unknown {
  let value = object
  for (const key of field.split('.')) value = (value as Record<string, unknown> | undefined)?.[key]
  return value
}
