import {
  isSimulatorError,
  type Accelerator,
  type Calibration,
  type EngineProfile,
  type Model,
  type SimulatorError,
} from '@llmsim/contracts'
import { createCatalog, type Catalog } from '../catalog.js'
import { entryKinds, type EntryKind } from './catalog-contents.js'
import { readOutcomes } from './catalog-folder.js'

/** An entry that its schema accepts. */
export interface ValidEntry {
  readonly kind: EntryKind
  readonly file: string
  readonly entry: Model | Accelerator | Calibration | EngineProfile
}

/** What checking a folder found. */
export interface CatalogReport {
  /** The valid entries, in the order of their files. */
  readonly entries: readonly ValidEntry[]
  /** The first fault of every file or entry that has one, in the order of the files. */
  readonly errors: readonly SimulatorError[]
}

/**
 * Checks every entry in the JSON files of a folder (or in one file) and collects what is wrong:
 * files that cannot be read, values that the schemas refuse, names that are used twice.
 *
 * Throws `SimulatorError` `FILE` only where `path` itself cannot be read.
 */
export function validateCatalog(path: string): CatalogReport {
  const entries: ValidEntry[] = []
  const errors: SimulatorError[] = []
  const catalogs = new Map<EntryKind, Catalog<ValidEntry['entry']>>()
  for (const outcome of readOutcomes(path)) {
    const { file } = outcome
    try {
      if ('error' in outcome) throw outcome.error
      const { kind, entry } = outcome
      const { schema } = entryKinds[kind]
      const catalog =
        catalogs.get(kind) ?? createCatalog<ValidEntry['entry']>({ kind, schema, entries: [] })
      const extended = catalog.extend([entry], file)
      catalogs.set(kind, extended)
      entries.push({ kind, file, entry: extended.get((entry as { name: string }).name) })
    } catch (error) {
      if (!isSimulatorError(error)) throw error
      errors.push(error)
    }
  }
  return { entries, errors }
}
