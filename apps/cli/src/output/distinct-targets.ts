import { SimulatorError } from '@llmsim/contracts'
import type { FileTarget } from './write-file.js'

/** Refuses two outputs in one file. Throws `SimulatorError` at the flag of the later one. */
export function refuseSharedTargets(
  targets: readonly (readonly [flag: string, target: FileTarget | undefined])[],
): void {
  const taken = new Map<string, string>()
  for (const [flag, target] of targets) {
    if (target === undefined || target.special) continue
    const other = taken.get(target.absolute)
    if (other !== undefined)
      throw new SimulatorError({
        code: 'CONFLICT',
        path: flag,
        message: `is the file that ${other} writes`,
        given: target.name,
        accepted: 'another file',
      })
    taken.set(target.absolute, flag)
  }
}
