import type { AnySchema } from './schema-at.js'
import { definition, fieldsOf, fixedValues, unwrap } from './schema-at.js'

/** Limits that a schema's checks leave on it. */
interface Limits {
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly format?: string
  readonly length?: number
}

/** Longest list of names that is spelt out in a message. */
const longestList = 24

const formats: Readonly<Record<string, string>> = {
  url: 'a URL such as https://example.com/page',
  email: 'an e-mail address',
  uuid: 'a UUID',
  date: 'a date such as 2025-01-31',
  datetime: 'a date and time such as 2025-01-31T12:00:00Z',
  json_string: 'JSON text',
}

/**
 * What a schema accepts, in plain words: `a positive integer`, `one of: fcfs, priority`.
 *
 * Undefined where the schema accepts anything or its rule is code.
 */
export function acceptedBy(schema: AnySchema): string | undefined {
  const nullable = isNullable(schema)
  const words = plainWords(unwrap(schema))
  return words !== undefined && nullable ? `${words}, or null` : words
}

/** A list of fixed values in words: `one of: a, b`, or the value itself where there is one. */
export function oneOf(values: readonly unknown[]): string {
  const words = values.map(literal)
  if (words.length === 1) return words[0] ?? ''
  const shown = words.slice(0, longestList).join(', ')
  return `one of: ${shown}${words.length > longestList ? ', ...' : ''}`
}

function plainWords(schema: AnySchema): string | undefined {
  const def = definition(schema)
  switch (def.type) {
    case 'number':
      return numberWords(limitsOf(schema))
    case 'bigint':
      return 'an integer'
    case 'string':
      return stringWords(limitsOf(schema))
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'literal':
    case 'enum':
      return oneOf(fixedValues(schema) ?? [])
    case 'array':
      return listWords(limitsOf(schema), acceptedBy(def.element))
    case 'tuple':
      return `a list of ${String(def.items.length)} items`
    case 'object':
      return objectWords(Object.keys(def.shape))
    case 'record':
      return 'an object'
    case 'union':
      return unionWords(def)
    default:
      return undefined
  }
}

function limitsOf(schema: AnySchema): Limits {
  const limits: Mutable = {}
  for (const check of [schema, ...(definition(schema).checks ?? [])])
    collect(limits, check._zod.def as Check)
  return limits
}

type Mutable = { -readonly [Key in keyof Limits]: Limits[Key] }

/** The fields of the library's checks that limits are read from. */
interface Check {
  readonly check?: string
  readonly format?: string
  readonly value?: number
  readonly inclusive?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly length?: number
}

function collect(limits: Mutable, { check, value, ...def }: Check): void {
  switch (check) {
    case 'number_format':
    case 'string_format':
      if (def.format !== undefined) limits.format = def.format
      break
    case 'greater_than':
      if (def.inclusive === true)
        limits.minimum = Math.max(limits.minimum ?? -Infinity, Number(value))
      else limits.exclusiveMinimum = Math.max(limits.exclusiveMinimum ?? -Infinity, Number(value))
      break
    case 'less_than':
      if (def.inclusive === true)
        limits.maximum = Math.min(limits.maximum ?? Infinity, Number(value))
      else limits.exclusiveMaximum = Math.min(limits.exclusiveMaximum ?? Infinity, Number(value))
      break
    case 'multiple_of':
      limits.multipleOf = Number(value)
      break
    case 'min_length':
      limits.minimum = Number(def.minimum)
      break
    case 'max_length':
      limits.maximum = Number(def.maximum)
      break
    case 'length_equals':
      limits.length = Number(def.length)
      break
    default:
  }
}

function numberWords(limits: Limits): string {
  const integer = limits.format?.includes('int') === true
  const noun = integer ? 'integer' : 'number'
  const article = integer ? 'an' : 'a'
  const low = lowest(limits)
  const high = highest(limits)
  const steps =
    limits.multipleOf === undefined ? '' : `, a multiple of ${String(limits.multipleOf)}`
  if (low === undefined && high === undefined) return `${article} ${noun}${steps}`
  if (high === undefined && low?.value === 0 && !low.inclusive) return `a positive ${noun}${steps}`
  if (low?.inclusive === true && high?.inclusive === true)
    return `${article} ${noun} from ${String(low.value)} to ${String(high.value)}${steps}`
  const parts: string[] = []
  if (low !== undefined)
    parts.push(`${low.inclusive ? 'of at least' : 'above'} ${String(low.value)}`)
  if (high !== undefined)
    parts.push(`${high.inclusive ? 'at most' : 'below'} ${String(high.value)}`)
  return `${article} ${noun} ${parts.join(' and ')}${steps}`
}

interface Bound {
  readonly value: number
  readonly inclusive: boolean
}

function lowest({ minimum, exclusiveMinimum }: Limits): Bound | undefined {
  if (exclusiveMinimum !== undefined && exclusiveMinimum >= (minimum ?? -Infinity))
    return { value: exclusiveMinimum, inclusive: false }
  return minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER
    ? undefined
    : { value: minimum, inclusive: true }
}

function highest({ maximum, exclusiveMaximum }: Limits): Bound | undefined {
  if (exclusiveMaximum !== undefined && exclusiveMaximum <= (maximum ?? Infinity))
    return { value: exclusiveMaximum, inclusive: false }
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? undefined
    : { value: maximum, inclusive: true }
}

function stringWords({ format, minimum, maximum }: Limits): string {
  const known = format === undefined ? undefined : formats[format]
  if (known !== undefined) return known
  const limit = maximum === undefined ? '' : ` of at most ${String(maximum)} characters`
  return `${minimum !== undefined && minimum > 0 ? 'non-empty text' : 'text'}${limit}`
}

function listWords({ minimum, length }: Limits, item: string | undefined): string {
  const size =
    length !== undefined
      ? ` of ${String(length)} items`
      : minimum !== undefined && minimum > 0
        ? ` of at least ${String(minimum)} item${minimum === 1 ? '' : 's'}`
        : ''
  return `a list${size}${item === undefined ? '' : `, each ${item}`}`
}

function objectWords(fields: readonly string[]): string {
  if (fields.length === 0 || fields.length > longestList) return 'an object'
  return `an object with the field${fields.length === 1 ? '' : 's'} ${fields.join(', ')}`
}

function unionWords(def: { options: readonly AnySchema[]; discriminator?: string }): string {
  const { discriminator } = def
  if (discriminator !== undefined) {
    const values = def.options.flatMap((option) => {
      const field = fieldsOf(option)?.[discriminator]
      return field === undefined ? [] : (fixedValues(field) ?? [])
    })
    return `an object whose ${discriminator} is ${oneOf(values)}`
  }
  const words = def.options.map((option) => acceptedBy(option) ?? 'something else')
  return [...new Set(words)].join(', or ')
}

function isNullable(schema: AnySchema): boolean {
  const def = definition(schema)
  if (def.type === 'nullable') return true
  return 'innerType' in def && isNullable(def.innerType)
}

function literal(value: unknown): string {
  return typeof value === 'string' ? value : String(value)
}
