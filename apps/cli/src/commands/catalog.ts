import { validateCatalog, type CatalogReport } from '@llmsim/catalog/node'
import { isSimulatorError, SimulatorError } from '@llmsim/contracts'
import path from 'node:path'
import type { Io } from '../io.js'
import { errorText } from '../error-text.js'
import { loadRegistries } from '../registries.js'

/** Checks every entry of a catalog folder. The exit code: 0, or 2 when something is wrong. */
export async function validate(folder: string, io: Io): Promise<number> {
  const { entries, errors: faults } = validateCatalog(path.resolve(io.cwd, folder))
  const errors = [...faults, ...(await takenNames(entries, io.cwd))]
  for (const error of errors) io.stderr(errorText(error))
  if (errors.length > 0) return 2
  if (entries.length === 0)
    throw new SimulatorError({
      code: 'FILE',
      path: folder,
      message: 'holds no catalog entries',
      accepted:
        'a folder of JSON files, each with a model, an accelerator, a calibration or an engine profile',
    })
  const counts = new Map<string, number>()
  for (const { kind } of entries) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const found = [...counts].map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`)
  io.stdout(`ok: ${found.join(', ')}\n`)
  return 0
}

/** What `--catalog` would refuse of valid entries: names that built-in ones have. */
async function takenNames(
  entries: CatalogReport['entries'],
  cwd: string,
): Promise<SimulatorError[]> {
  const { models, accelerators, engineProfiles } = await loadRegistries({}, cwd)
  // A calibration may stand in for a built-in one.
  const catalogs = { model: models, accelerator: accelerators, engine: engineProfiles }
  return entries.flatMap(({ kind, file, entry }) => {
    if (kind === 'calibration') return []
    try {
      catalogs[kind].extend([entry], file)
      return []
    } catch (error) {
      if (isSimulatorError(error)) return [error]
      throw error
    }
  })
}
