import { z } from 'zod'

/** Where the values of a catalog entry come from. */
export const CatalogSource = z.strictObject({
  /** Address of the datasheet, model card or paper. */
  url: z.url(),
  /** What the source says, or which fields it gives; `all` fields when absent. */
  note: z.string().optional(),
  /** Fields (dotted paths) that this source gives. */
  fields: z.array(z.string()).optional(),
  /** True where the value is a typical one, reasoned in `note`, because no datasheet states it. */
  estimated: z.boolean().optional(),
})
export type CatalogSource = z.infer<typeof CatalogSource>

/** Lower-case names as they are typed on a command line: `llama3.1-70b`, `h100-80gb`. */
export const CatalogName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'lower-case letters, digits, dots, dashes and underscores')
