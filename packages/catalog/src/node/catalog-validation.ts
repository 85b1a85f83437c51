import {
  isSimulatorError,
  parameterCountGap,
  type Accelerator,
  type Calibration,
  type EngineProfile,
  type Model,
  SimulatorError,
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
 * files that cannot be read, values that the schemas refuse, names that are used twice, models whose
 * architecture does not give the published parameter count to 1 %.
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
      const valid = extended.get((entry as { name: string }).name)
      if (kind === 'model') checkParameterCount(valid as Model, file)
      entries.push({ kind, file, entry: valid })
    } catch (error) {
      if (!isSimulatorError(error)) throw error
      errors.push(error)
    }
  }
  return { entries, errors }
}

/** A wrong number of heads, layers or experts shows in the parameter count. */
function checkParameterCount(model: Model, file: string): void {
  const gap = parameterCountGap(model)
  if (gap === undefined) return
  const { derived, published, relativeError } = gap
  throw new SimulatorError({
    code: 'CONFLICT',
    path: `model[${model.name}].published.parameters`,
    message:
      `is ${(100 * relativeError).toFixed(1)} % off the ${derived} parameters that the fields of the ` +
      `architecture give (in ${file})`,
    given: published,
    accepted: 'a count to within 1 % of it: look for a wrong number of heads, layers or experts',
  })
}
