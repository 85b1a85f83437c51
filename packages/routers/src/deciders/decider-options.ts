import type { DeciderOptions } from '@llmsim/contracts'
import { refuseNumber } from '../option-refusal.js'

/**
 * A whole number from 0 on of `decider.options`, or one that has no end.
 *
 * Throws `SimulatorError` `INVALID_VALUE` for anything else.
 */
export function wholeOption(
  { extra }: DeciderOptions,
  name: string,
  otherwise: number,
  meaning: string,
): number {
  const { [name]: given = otherwise } = extra
  if (
    typeof given === 'number' &&
    given >= 0 &&
    (Number.isSafeInteger(given) || given === Infinity)
  )
    return given
  return refuseNumber(
    `decider.options.${name}`,
    given,
    { least: 0 },
    `a whole number from 0 on: ${meaning}`,
  )
}
