import { Accelerator, isSimulatorError, Model, type SimulatorError } from '@llmsim/contracts'
import { createCatalog, type Catalog } from '../catalog.js'
import { readOutcomes, type FileOutcome } from './catalog-folder.js'

/** An entry that its schema accepts. */
export type ValidEntry =
  | { readonly kind: 'model'; readonly file: string; readonly entry: Model }
  | { readonly kind: 'accelerator'; readonly file: string; readonly entry: Accelerator }

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
  let models = createCatalog({ kind: 'model', schema: Model, entries: [] })
  let accelerators = createCatalog({ kind: 'accelerator', schema: Accelerator, entries: [] })
  for (const outcome of readOutcomes(path)) {
    const { file } = outcome
    try {
      if ('error' in outcome) throw outcome.error
      if (outcome.kind === 'model') {
        models = extended(models, outcome)
        entries.push({ kind: 'model', file, entry: models.get(nameOf(outcome)) })
      } else {
        accelerators = extended(accelerators, outcome)
        entries.push({ kind: 'accelerator', file, entry: accelerators.get(nameOf(outcome)) })
      }
    } catch (error) {
      if (!isSimulatorError(error)) throw error
      errors.push(error)
    }
  }
  return { entries, errors }
}

type Entry = Extract<FileOutcome, { entry: unknown }>

function extended<T>(catalog: Catalog<T>, { entry, file }: Entry): Catalog<T> {
  return catalog.extend([entry], file)
}

/** The name of an entry that a catalog has taken in. */
function nameOf({ entry }: Entry): string {
  return (entry as { name: string }).name
}
