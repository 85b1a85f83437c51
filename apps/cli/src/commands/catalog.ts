import { SimulatorError } from '@llmsim/contracts'
import { validateCatalog } from '@llmsim/catalog/node'
import path from 'node:path'
import type { Io } from '../io.js'
import { errorText } from '../error-text.js'

/** Checks every entry of a catalog folder. The exit code: 0, or 2 when something is wrong. */
export function validate(folder: string, io: Io): number {
  const { entries, errors } = validateCatalog(path.resolve(io.cwd, folder))
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
