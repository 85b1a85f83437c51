import { nearNames, SimulatorError } from '@llmsim/contracts'
import type { Registries } from '../registries.js'

/**
 * Refuses options that no scheduler reads. One set may stand for a comparison: an option of another
 * scheduler is let through, and so is every option where the chosen one does not say what it reads.
 *
 * Throws `SimulatorError` `UNKNOWN_FIELD`.
 */
export function checkSchedulerOptions(
  name: string,
  options: Readonly<Record<string, unknown>>,
  path: string,
  { schedulers }: Registries,
): void {
  const own = schedulers.get(name)?.options
  if (own === undefined) return
  const known = new Set([...schedulers.values()].flatMap((factory) => factory.options ?? []))
  for (const option of Object.keys(options)) {
    if (known.has(option)) continue
    throw new SimulatorError({
      code: 'UNKNOWN_FIELD',
      path: `${path}.options.${option}`,
      message: `is no option of the scheduler ${name}, nor of any other`,
      accepted: own.join(', '),
      nearest: nearNames(option, known),
    })
  }
}
