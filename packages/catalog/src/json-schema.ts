import { z } from 'zod'

export interface JsonSchemaOptions {
  /** The schema's address, for its `$id`. */
  readonly id?: string
  /** A short title for editors. */
  readonly title?: string
}

/**
 * The JSON Schema (draft 2020-12) of what a schema lets users write: fields with a default are
 * optional, and rules that are code are left out.
 */
export function jsonSchema(
  schema: z.ZodType,
  options: JsonSchemaOptions = {},
): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
  })
  return {
    $schema,
    ...(options.id === undefined ? {} : { $id: options.id }),
    ...(options.title === undefined ? {} : { title: options.title }),
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => key !== '~standard')),
  }
}
