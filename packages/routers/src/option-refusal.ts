import { nearNames, SimulatorError } from '@llmsim/contracts'

/** The numbers that an option accepts, both ends included. */
export interface NumberRange {
  readonly least: number
  readonly most?: number
}

/** Refuses a value where a number in a range is wanted: it is missing, of another kind, or beyond an end. */
export function refuseNumber(
  path: string,
  given: unknown,
  { least, most = Infinity }: NumberRange,
  accepted: string,
): never {
  refuse(path, given, accepted, fault())
  function fault(): string {
    if (typeof given !== 'number' || Number.isNaN(given)) return 'is not a number'
    if (given < least) return 'is too small'
    return given > most ? 'is too large' : 'is not a whole number'
  }
}

/** Refuses a value where one of several words is wanted, and says which are near to it. */
export function refuseWord(path: string, given: unknown, words: readonly string[]): never {
  const nearest = typeof given === 'string' ? nearNames(given, words) : []
  refuse(path, given, words.join(', '), 'is not one of the accepted values', nearest)
}

/** Refuses the value of an option: one that is not there at all is missing, whatever else `fault` says. */
export function refuse(
  path: string,
  given: unknown,
  accepted: string,
  fault: string,
  nearest: readonly string[] = [],
): never {
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message: given === undefined ? 'is required' : fault,
    given,
    accepted,
    nearest,
  })
}
