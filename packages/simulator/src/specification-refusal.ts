import { SimulatorError, type ErrorCode } from '@llmsim/contracts'

/** A whole number from 1 on. */
export function whole(path: string, value: number): void {
  if (!(value >= 1 && Number.isSafeInteger(value))) refuse(path, value, 'a whole number from 1 on')
}

/** A positive number, and no end to it. */
export function positive(path: string, value: number): void {
  if (!(value > 0 && value < Infinity)) refuse(path, value, 'a positive number')
}

/** Refuses a field of a specification. */
export function refuse(
  path: string,
  given: unknown,
  accepted: string,
  code: ErrorCode = 'INVALID_VALUE',
): never {
  throw new SimulatorError({ code, path, message: 'cannot be simulated', given, accepted })
}
