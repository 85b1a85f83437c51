import { acceptedBy } from '@llmsim/catalog'
import { Scenario } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import type { z } from 'zod'
import { scenarioFlags } from './flags.js'

/** The schema of a dotted field. */
function schemaOf(field: string): z.core.$ZodType | undefined {
  let schema: unknown = Scenario
  for (const key of field.split('.')) {
    while (schema instanceof Object && 'unwrap' in schema)
      schema = (schema as { unwrap(): unknown }).unwrap()
    schema = (schema as { shape: Record<string, unknown> }).shape[key]
  }
  return schema as z.core.$ZodType | undefined
}

it('sets only fields that a scenario has', () => {
  for (const { flag, field, replaces } of scenarioFlags)
    for (const each of [field, ...replaces])
      expect(schemaOf(each), `${flag}: ${each}`).toBeDefined()
})

it('names in the help each value that a field accepts', () => {
  for (const { flag, field, description } of scenarioFlags) {
    const accepted = acceptedBy(schemaOf(field)!) ?? ''
    if (!accepted.startsWith('one of: ') || flag.endsWith('-dtype')) continue
    for (const value of accepted.slice('one of: '.length).split(', '))
      expect(description, flag).toContain(value)
  }
})

it('has each flag and each field once', () => {
  const names = scenarioFlags.flatMap(({ flag, alias }) =>
    alias === undefined ? flag : [flag, alias],
  )
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(scenarioFlags.map(({ field }) => field)).size).toBe(scenarioFlags.length)
})
