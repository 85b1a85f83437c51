import type { AdmissionOptions } from '@llmsim/contracts'
import { refuse, refuseNumber, refuseWord } from '../option-refusal.js'

const path = (name: string): string => `admission.options.${name}`

/** A number from 0 on of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for anything else. */
export function number(
  { extra }: AdmissionOptions,
  name: string,
  otherwise: number | undefined,
  meaning: string,
): number {
  const { [name]: given = otherwise } = extra
  if (typeof given === 'number' && given >= 0) return given
  return refuseNumber(path(name), given, { least: 0 }, `a number from 0 on: ${meaning}`)
}

/** One of several words of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for another. */
export function word<Word extends string>(
  { extra }: AdmissionOptions,
  name: string,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const { [name]: given = otherwise } = extra
  return words.find((each) => each === given) ?? refuseWord(path(name), given, words)
}

/** A yes or no of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for anything else. */
export function flag({ extra }: AdmissionOptions, name: string, otherwise: boolean): boolean {
  const { [name]: given = otherwise } = extra
  return typeof given === 'boolean'
    ? given
    : refuse(path(name), given, 'true or false', 'is neither true nor false')
}

/** Numbers from 0 on by name, of `admission.options`. Throws `SimulatorError` `INVALID_VALUE` for anything else. */
export function numbers({ extra }: AdmissionOptions, name: string): ReadonlyMap<string, number> {
  const { [name]: given = {} } = extra
  const accepted = 'numbers from 0 on by name: { chat: 10, batch: 1 }'
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return refuse(path(name), given, accepted, 'is not an object')
  const found = new Map<string, number>()
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== 'number' || !(value >= 0))
      refuseNumber(path(`${name}.${key}`), value, { least: 0 }, accepted)
    found.set(key, value)
  }
  return found
}
