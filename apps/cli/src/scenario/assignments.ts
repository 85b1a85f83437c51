import { SimulatorError } from '@llmsim/contracts'
import { scenarioFlags, type ScenarioFlag } from '../flags.js'
import type { Assignment } from './assignment.js'
import { objectiveAssignment } from './objective-flag.js'
import { windowSeconds } from './window-flag.js'

export type PlainObject = Record<string, unknown>

/** Decimal numbers only: no hexadecimal, no empty text, no `Infinity`. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** Keys that no scenario has and that reach into a prototype where code is careless. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** The number that a flag's text says. Throws `SimulatorError` at the flag. */
export function parseNumber(flag: string, text: string, whole: boolean): number {
  const value = decimal.test(text) ? Number(text) : NaN
  const accepted = whole ? 'a whole number, such as 8' : 'a number, such as 5 or 0.25'
  const refuse = (message: string): never => {
    throw new SimulatorError({ code: 'INVALID_VALUE', path: flag, message, given: text, accepted })
  }
  if (/^[^,]+(,[^,]+)+$/.test(text))
    return refuse('is a list (of all flags only --xpu takes one, and only in llmsim compare)')
  if (Number.isNaN(value)) return refuse('is not a number')
  if (!Number.isFinite(value)) return refuse('is too large')
  if (whole && !Number.isInteger(value)) return refuse('is not a whole number')
  return value
}

/** The name under which the parser of the command line keeps a flag: `avgInputLength`. */
export function optionName(flag: string): string {
  return flag.slice(2).replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** What the flags given on the command line say, in the order of the table. */
export function assignmentsFromFlags(options: Readonly<PlainObject>): Assignment[] {
  return scenarioFlags.flatMap((row) => {
    const given = options[optionName(row.flag)]
    return given === undefined ? [] : assignmentsOf(row, given)
  })
}

function assignmentsOf(row: ScenarioFlag, given: unknown): Assignment[] {
  const { flag, field, kind } = row
  const text = String(given)
  switch (kind) {
    case 'boolean':
      return [{ field, value: true, source: flag }]
    case 'text':
      return [{ field, value: text, source: flag }]
    case 'objective':
      return text.split(',').map((part) => objectiveAssignment(row, part))
    case 'window':
      return [{ field, value: windowSeconds(flag, text), source: flag }]
    default:
      return [{ field, value: parseNumber(flag, text, kind === 'integer'), source: flag }]
  }
}

/** What `--set field=value` says; the value is JSON, or else text. */
export function assignmentsFromSet(texts: readonly string[]): Assignment[] {
  return texts.map((text) => {
    const split = text.indexOf('=')
    const field = text.slice(0, split)
    if (split <= 0 || field.split('.').some((key) => key === '' || forbiddenKeys.has(key)))
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: '--set',
        message: 'does not name a field and a value',
        given: text,
        accepted: 'field=value, such as workload.arrival_rate=5',
      })
    return { field, value: parseValue(text.slice(split + 1)), source: '--set' }
  })
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Sets (or, with null, takes out) one field of a scenario that is not checked yet. */
export function assign(target: PlainObject, { field, value, source }: Assignment): void {
  const keys = field.split('.')
  const last = keys.pop() ?? ''
  let section = target
  for (const [depth, key] of keys.entries()) {
    const inner = Object.hasOwn(section, key) ? section[key] : undefined
    if (inner === undefined && value === null) return
    if (inner !== undefined && !isPlainObject(inner))
      throw new SimulatorError({
        code: 'CONFLICT',
        path: `${field} (${source})`,
        message: `${keys.slice(0, depth + 1).join('.')} has no fields that can be set`,
        given: inner,
        accepted: 'a field of an object',
      })
    section = inner ?? (section[key] = {})
  }
  if (value === null) Reflect.deleteProperty(section, last)
  else section[last] = value
}

export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
