import { Accelerator, Calibration, EngineProfile, Model, SimulatorError } from '@llmsim/contracts'

export type EntryKind = 'model' | 'accelerator' | 'calibration' | 'engine'
export type EntryList = 'models' | 'accelerators' | 'calibrations' | 'engineProfiles'

export interface KindOfEntry {
  /** The list that a module exports entries of this kind in. */
  readonly list: EntryList
  /** The field that no other kind has. */
  readonly field: string
  readonly schema: typeof Model | typeof Accelerator | typeof Calibration | typeof EngineProfile
}

/** The kinds of catalog entries. */
export const entryKinds: Readonly<Record<EntryKind, KindOfEntry>> = {
  model: { list: 'models', field: 'layers', schema: Model },
  accelerator: { list: 'accelerators', field: 'peak_flop_per_s', schema: Accelerator },
  calibration: { list: 'calibrations', field: 'kernels', schema: Calibration },
  engine: { list: 'engineProfiles', field: 'step_s', schema: EngineProfile },
}

export const kindNames: readonly EntryKind[] = ['model', 'accelerator', 'calibration', 'engine']

/** Entries as their files hold them; nothing but their kind has been checked. */
export interface CatalogContents {
  readonly models: readonly unknown[]
  readonly accelerators: readonly unknown[]
  readonly calibrations: readonly unknown[]
  readonly engineProfiles: readonly unknown[]
  /** The file or module that each entry came from, by the entry's identity. */
  readonly origins: ReadonlyMap<unknown, string>
}

/** The lists of a catalog, empty. */
export function emptyLists(): Record<EntryList, unknown[]> {
  return { models: [], accelerators: [], calibrations: [], engineProfiles: [] }
}

/**
 * What an entry is, by the one field that only its kind has.
 *
 * Throws `SimulatorError` `INVALID_VALUE` with `origin` as its path for anything else.
 */
export function kindOf(entry: unknown, origin: string): EntryKind {
  const kinds = kindNames.filter((kind) => has(entry, entryKinds[kind].field))
  const [kind] = kinds
  if (kind !== undefined && kinds.length === 1) return kind
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: origin,
    message: kinds.length > 1 ? `is both ${kinds.join(' and ')}` : 'is not a catalog entry',
    given: entry,
    accepted: kindNames.map((name) => `${name} (with ${entryKinds[name].field})`).join(', '),
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
