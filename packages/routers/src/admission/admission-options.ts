import { SimulatorError, type AdmissionOptions } from '@llmsim/contracts'

/** A number from 0 on of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for anything else. */
export function number(
  { extra }: AdmissionOptions,
  name: string,
  otherwise: number | undefined,
  meaning: string,
): number {
  const { [name]: given = otherwise } = extra
  if (typeof given === 'number' && given >= 0) return given
  return refuse(name, given, `a number from 0 on: ${meaning}`)
}

/** One of several words of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for another. */
export function word<Word extends string>(
  { extra }: AdmissionOptions,
  name: string,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const { [name]: given = otherwise } = extra
  return words.find((each) => each === given) ?? refuse(name, given, words.join(', '))
}

/** A yes or no of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for anything else. */
export function flag({ extra }: AdmissionOptions, name: string, otherwise: boolean): boolean {
  const { [name]: given = otherwise } = extra
  return typeof given === 'boolean' ? given : refuse(name, given, 'true or false')
}

/** Numbers from 0 on by name, of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for anything else. */
export function numbers({ extra }: AdmissionOptions, name: string): ReadonlyMap<string, number> {
  const { [name]: given = {} } = extra
  const accepted = 'numbers from 0 on by name: { chat: 10, batch: 1 }'
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return refuse(name, given, accepted)
  const found = new Map<string, number>()
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== 'number' || !(value >= 0)) refuse(`${name}.${key}`, value, accepted)
    found.set(key, value)
  }
  return found
}

function refuse(name: string, given: unknown, accepted: string): never {
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `admission.options.${name}`,
    message: 'is not an option that this admission policy accepts',
    given,
    accepted,
  })
}
