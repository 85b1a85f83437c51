import { SimulatorError, type DeciderOptions } from '@llmsim/contracts'

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
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `decider.options.${name}`,
    message: 'is not an option that this decider accepts',
    given,
    accepted: `a whole number from 0 on: ${meaning}`,
  })
}
