import type { z } from 'zod'

interface Wrapped {
  unwrap(): z.ZodType
}

/** A schema without what makes it optional, nullable or defaulted. */
function inside(schema: z.ZodType): z.ZodType {
  let bare = schema
  for (;;) {
    const { type } = bare.def
    if (type !== 'optional' && type !== 'nullable' && type !== 'default') return bare
    bare = (bare as unknown as Wrapped).unwrap()
  }
}

function isNullable(schema: z.ZodType): boolean {
  return schema.def.type === 'nullable'
}

/**
 * Dotted paths of all fields of an object schema that hold a value: `a.b`, and `c[].d` in a list of
 * objects. An object that may be null is a field itself too.
 *
 * @param whole says which schemas, at which path, are documented as one field.
 */
export function leavesOf(
  schema: z.ZodType,
  whole: (path: string, schema: z.ZodType) => boolean = () => false,
  path = '',
): string[] {
  const bare = inside(schema)
  if (path !== '' && whole(path, bare)) return [path]
  if (bare.def.type === 'array') {
    const { element } = bare as unknown as { element: z.ZodType }
    return inside(element).def.type === 'object' ? leavesOf(element, whole, `${path}[]`) : [path]
  }
  if (bare.def.type !== 'object') return [path]
  const { shape } = bare as unknown as { shape: Readonly<Record<string, z.ZodType>> }
  const below = Object.entries(shape).flatMap(([key, field]) =>
    leavesOf(field, whole, path === '' ? key : `${path}.${key}`),
  )
  return isNullable(schema) ? [path, ...below] : below
}
