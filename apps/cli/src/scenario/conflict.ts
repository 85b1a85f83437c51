import { SimulatorError } from '@llmsim/contracts'

/** Fields that contradict each other, or that say nothing where they stand. `given` is shown where there is one. */
export function conflict(
  path: string,
  message: string,
  accepted: string,
  given?: unknown,
): SimulatorError {
  return new SimulatorError({ code: 'CONFLICT', path, message, given, accepted })
}
