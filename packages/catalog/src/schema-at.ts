import type { z } from 'zod'
import { valueAt } from './field-path.js'

/** Any schema; its definition is read through {@link definition}. */
export type AnySchema = z.core.$ZodType

/** What a schema is made of, as the library's own classes define it. */
export function definition(schema: AnySchema): z.core.$ZodTypes['_zod']['def'] {
  return (schema as z.core.$ZodTypes)._zod.def
}

/** The schema inside wrappers that do not change what may be given: optional, default, pipes. */
export function unwrap(schema: AnySchema): AnySchema {
  let current = schema
  for (let depth = 0; depth < 32; depth++) {
    const def = definition(current)
    switch (def.type) {
      case 'optional':
      case 'nullable':
      case 'default':
      case 'prefault':
      case 'nonoptional':
      case 'catch':
      case 'readonly':
        current = def.innerType
        break
      case 'pipe':
        current = definition(def.in).type === 'transform' ? def.out : def.in
        break
      case 'lazy':
        current = def.getter()
        break
      default:
        return current
    }
  }
  return current
}

/** The fields of an object schema by name, or undefined for any other schema. */
export function fieldsOf(schema: AnySchema): Readonly<Record<string, AnySchema>> | undefined {
  const def = definition(unwrap(schema))
  return def.type === 'object' ? def.shape : undefined
}

/** The names of the fields that an object schema, or a record over fixed names, accepts. */
export function fieldNames(schema: AnySchema): string[] {
  const def = definition(unwrap(schema))
  if (def.type === 'record') return (fixedValues(def.keyType) ?? []).map(String)
  return Object.keys(fieldsOf(schema) ?? {})
}

/** The values that a literal or an enumeration accepts, or undefined for any other schema. */
export function fixedValues(schema: AnySchema): readonly unknown[] | undefined {
  const def = definition(unwrap(schema))
  if (def.type === 'literal') return def.values
  if (def.type === 'enum') return Object.values(def.entries)
  return undefined
}

/** The branch of a union that `value` announces by its fixed values, or the schema itself. */
export function branchFor(schema: AnySchema, value: unknown): AnySchema {
  const inner = unwrap(schema)
  const def = definition(inner)
  if (def.type !== 'union') return inner
  const discriminator = 'discriminator' in def ? def.discriminator : undefined
  if (typeof discriminator !== 'string') {
    const [only, ...more] = def.options.filter((option) => announces(value, option))
    return only === undefined || more.length > 0 ? inner : unwrap(only)
  }
  const given = valueAt(value, [discriminator])
  for (const option of def.options) {
    const field = fieldsOf(option)?.[discriminator]
    if (field !== undefined && fixedValues(field)?.includes(given) === true) return unwrap(option)
  }
  return inner
}

/** Whether a value has what an object schema fixes: `joint: pairs` for the one of pairs. */
function announces(value: unknown, option: AnySchema): boolean {
  const fields = Object.entries(fieldsOf(option) ?? {})
  return (
    fields.length > 0 &&
    fields.every(([name, field]) => {
      const values = fixedValues(field)
      const given = valueAt(value, [name])
      return (
        values === undefined ||
        (given === undefined ? unwrap(field) !== field : values.includes(given))
      )
    })
  )
}

/**
 * The schema that governs the value under `keys` within `value`, or undefined where it cannot be
 * told (an unknown field, an undecided union).
 */
export function schemaAt(
  schema: AnySchema,
  value: unknown,
  keys: readonly PropertyKey[],
): AnySchema | undefined {
  let current: AnySchema | undefined = schema
  for (const [depth, key] of keys.entries()) {
    current = childSchema(branchFor(current, valueAt(value, keys.slice(0, depth))), key)
    if (current === undefined) return undefined
  }
  return current
}

function childSchema(schema: AnySchema, key: PropertyKey): AnySchema | undefined {
  const def = definition(schema)
  switch (def.type) {
    case 'object':
      if (Object.hasOwn(def.shape, key)) return (def.shape as Record<PropertyKey, AnySchema>)[key]
      return def.catchall
    case 'array':
      return def.element
    case 'record':
      return def.valueType
    case 'tuple':
      return typeof key === 'number' ? (def.items[key] ?? def.rest ?? undefined) : undefined
    default:
      return undefined
  }
}
