import { SimulatorError } from '@llmsim/contracts'
import { parseNumber } from '../scenario/assignments.js'

/** The accepted value that a flag gives. Throws `SimulatorError` at the flag. */
export function oneOf<T extends string>(flag: string, given: string, accepted: readonly T[]): T {
  const found = accepted.find((value) => value === given)
  if (found !== undefined) return found
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is not one of the accepted values',
    given,
    accepted: accepted.join(', '),
  })
}

/** A count that a flag gives, if it does. Throws `SimulatorError` at the flag. */
export function wholeNumber(
  flag: string,
  text: string | undefined,
  most: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = parseNumber(flag, text, true)
  if (value >= 1 && value <= most) return value
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is out of range',
    given: value,
    accepted: `a whole number from 1 to ${most}`,
  })
}
