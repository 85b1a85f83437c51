import { SimulatorError } from '@llmsim/contracts'
import { type ClockTime, parseClockTime } from './clock-time.js'
import { tokenLimit } from './length-distribution.js'

/** What a count of tokens may be, in words. */
export const tokensAccepted = 'an integer from 1 to 10,000,000'

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
/** Rows of a trace lie within 3 million years. */
const timeLimit = 1e15

/** A decimal number; NaN when the text is none, or nothing that ends. */
export function readNumber(text: string): number {
  return decimal.test(text) ? Number(text) : NaN
}

/** A time in some unit, from 0 up; NaN when the text is none. */
export function readTime(text: string, unitsPerSecond: number): number {
  const time = readNumber(text) / unitsPerSecond
  // Adding 0 turns -0 into 0.
  return time >= 0 && time <= timeLimit ? time + 0 : NaN
}

/**
 * Reads clock times as seconds since the first one, or times in some unit as seconds; NaN when a
 * text is none. With `relative`, the first one is subtracted from all.
 */
export function timeReader(
  unitsPerSecond: number | 'clock',
  relative: boolean,
): (text: string) => number {
  if (unitsPerSecond !== 'clock') {
    let first: number | undefined
    return (text) => {
      const seconds = readTime(text, unitsPerSecond)
      if (!relative || Number.isNaN(seconds)) return seconds
      first ??= seconds
      return seconds - first
    }
  }
  const time: ClockTime = { seconds: 0, ticks: 0 }
  let origin: number | undefined
  let firstTicks = 0
  return (text) => {
    if (!parseClockTime(text, time)) return NaN
    if (origin === undefined) {
      origin = time.seconds
      firstTicks = time.ticks
    }
    // Whole ticks of 100 ns: seconds of the calendar would leave a double too few digits.
    return ((time.seconds - origin) * 1e7 + time.ticks - firstTicks) / 1e7
  }
}

/** A count of tokens from 0 up; NaN when the text is none. */
export function readTokens(text: string): number {
  const number = readNumber(text)
  return Number.isInteger(number) && number >= 0 && number <= tokenLimit ? number : NaN
}

/** A value that a column, or key, cannot have. */
export function valueError(
  path: string,
  line: number,
  name: string,
  text: string,
  accepted: string,
): SimulatorError {
  const number = readNumber(text)
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path: `${path}:${line}:${name}`,
    message: text === '' ? 'is empty' : 'is not a value of this column',
    given: Number.isFinite(number) ? number : text,
    accepted,
  })
}

/** A file that is no trace, at a line if one is named. */
export function fileError(path: string, message: string, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'FILE', path, message, accepted })
}
