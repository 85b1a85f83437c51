import {
  SimulatorError,
  type ReplicaView,
  type SchedulerOptions,
  type Slot,
} from '@llmsim/contracts'

/**
 * A whole number of `scheduler.options`.
 *
 * Throws `SimulatorError` `INVALID_VALUE` for anything else, or for one below `least`.
 */
export function wholeOption(
  { extra }: SchedulerOptions,
  name: string,
  otherwise: number,
  { least, meaning }: { readonly least: number; readonly meaning: string },
): number {
  const { [name]: given = otherwise } = extra
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= least) return given
  return refuse(name, given, `a whole number, at least ${least}: ${meaning}`)
}

/**
 * A number of `scheduler.options`.
 *
 * Throws `SimulatorError` `INVALID_VALUE` for anything else, or for one out of bounds.
 */
export function numberOption(
  { extra }: SchedulerOptions,
  name: string,
  otherwise: number,
  { least, most, meaning }: { least: number; most: number; meaning: string },
): number {
  const { [name]: given = otherwise } = extra
  if (typeof given === 'number' && given >= least && given <= most) return given
  return refuse(name, given, `a number from ${least} to ${most}: ${meaning}`)
}

/** One of several words of `scheduler.options`. Throws `SimulatorError` `INVALID_VALUE` for another. */
export function wordOption<Word extends string>(
  { extra }: SchedulerOptions,
  name: string,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const { [name]: given = otherwise } = extra
  const found = words.find((word) => word === given)
  return found ?? refuse(name, given, words.join(', '))
}

/** A yes or no of `scheduler.options`. Throws `SimulatorError` `INVALID_VALUE` for anything else. */
export function flagOption({ extra }: SchedulerOptions, name: string, otherwise: boolean): boolean {
  const { [name]: given = otherwise } = extra
  return typeof given === 'boolean' ? given : refuse(name, given, 'true or false')
}

/**
 * Tokens that a request may generate at most, as schedulers that plan for the longest output assume it
 * where the client states no limit: 2048 unless `max_output_tokens` says otherwise. Outputs may be longer;
 * these schedulers then run out of the memory that they counted on, and preempt.
 */
export function maxOutputTokens(options: SchedulerOptions): number {
  return wholeOption(options, 'max_output_tokens', 2048, {
    least: 1,
    meaning: 'tokens that a request may generate at most',
  })
}

/** Tokens that one request may generate at most: as its client says (`max_tokens`), or as is assumed. */
export function longestOutput(view: ReplicaView, slot: Slot, otherwise: number): number {
  const limit = view.maxOutputTokens?.(slot) ?? Infinity
  return limit === Infinity ? otherwise : limit
}

function refuse(name: string, given: unknown, accepted: string): never {
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `scheduler.options.${name}`,
    message: 'is not one of the accepted values',
    given,
    accepted,
  })
}
