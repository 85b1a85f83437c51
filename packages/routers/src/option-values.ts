import type { RouterOptions } from '@llmsim/contracts'
import { refuseNumber, refuseWord } from './option-refusal.js'

/**
 * A number of `router.options`.
 *
 * Throws `SimulatorError` `INVALID_VALUE` for anything else, or for one out of bounds.
 */
export function numberOption(
  { extra }: RouterOptions,
  name: string,
  otherwise: number,
  { least, most = Infinity, meaning }: { least: number; most?: number; meaning: string },
): number {
  const { [name]: given = otherwise } = extra
  if (typeof given === 'number' && given >= least && given <= most) return given
  const range =
    most === Infinity ? `a number from ${least} on` : `a number from ${least} to ${most}`
  return refuseNumber(`router.options.${name}`, given, { least, most }, `${range}: ${meaning}`)
}

/** One of several words of `router.options`. Throws `SimulatorError` `INVALID_VALUE` for another. */
export function wordOption<Word extends string>(
  { extra }: RouterOptions,
  name: string,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const { [name]: given = otherwise } = extra
  const found = words.find((word) => word === given)
  return found ?? refuseWord(`router.options.${name}`, given, words)
}
