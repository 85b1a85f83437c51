import { SimulatorError } from '@llmsim/contracts'

/** Entries as their files hold them; nothing but their kind has been checked. */
export interface CatalogContents {
  readonly models: readonly unknown[]
  readonly accelerators: readonly unknown[]
  /** The file or module that each entry came from, by the entry's identity. */
  readonly origins: ReadonlyMap<unknown, string>
}

export type EntryKind = 'model' | 'accelerator'

/**
 * What an entry is: an accelerator has `peak_flop_per_s`, a model has `layers`.
 *
 * Throws `SimulatorError` `INVALID_VALUE` with `origin` as its path for anything else.
 */
export function kindOf(entry: unknown, origin: string): EntryKind {
  const accelerator = has(entry, 'peak_flop_per_s')
  const model = has(entry, 'layers')
  if (accelerator !== model) return accelerator ? 'accelerator' : 'model'
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: origin,
    message: accelerator ? 'is both a model and an accelerator' : 'is not a catalog entry',
    given: entry,
    accepted: 'an accelerator (with peak_flop_per_s) or a model (with layers)',
  })
}

function has(entry: unknown, field: string): boolean {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    !Array.isArray(entry) &&
    Object.hasOwn(entry, field)
  )
}
