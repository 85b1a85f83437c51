/** What {@link parseClockTime} accepts, in words. */
export const clockTimeFormat = 'a time such as 2023-11-16 18:15:46.6805900'

const space = 32
const plus = 43
const minus = 45
const dot = 46
const colon = 58
const letterT = 84
const letterZ = 90

/** A time of the Gregorian calendar. */
export interface ClockTime {
  /** Whole seconds since 1970-01-01 00:00:00, without leap seconds. */
  seconds: number
  /** Units of 100 ns in addition, below 10,000,000. */
  ticks: number
}

/**
 * Parses `YYYY-MM-DD hh:mm:ss`, with up to 9 digits after the second, a `T` in place of the space
 * and a `Z` or `+hh:mm` at the end if need be. A double could not hold the result as one number.
 *
 * @returns false, and leaves `into` alone, when the text has another form or names no real time.
 */
export function parseClockTime(text: string, into: ClockTime): boolean {
  const year = number(text, 0, 4)
  const month = number(text, 5, 2)
  const day = number(text, 8, 2)
  const hour = number(text, 11, 2)
  const minute = number(text, 14, 2)
  const second = number(text, 17, 2)
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(month, year)) return false
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false
  if (text.charCodeAt(4) !== minus || text.charCodeAt(7) !== minus) return false
  if (text.charCodeAt(10) !== space && text.charCodeAt(10) !== letterT) return false
  if (text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return false

  let at = 19
  let ticks = 0
  if (text.charCodeAt(at) === dot) {
    let unit = 1_000_000
    const first = ++at
    for (; at < text.length && at < first + 9; at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) break
      ticks += digit * unit
      unit /= 10
    }
    if (at === first) return false
  }
  const offset = zoneSeconds(text, at)
  if (Number.isNaN(offset)) return false
  into.seconds =
    daysSince1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
  into.ticks = ticks
  return true
}

/** Seconds ahead of UTC; 0 without a zone, NaN when the rest of the text is no zone. */
function zoneSeconds(text: string, at: number): number {
  if (at === text.length) return 0
  const sign = text.charCodeAt(at)
  if (sign === letterZ) return at + 1 === text.length ? 0 : NaN
  if (sign !== plus && sign !== minus) return NaN
  const hours = number(text, at + 1, 2)
  const minutes = number(text, at + 4, 2)
  if (text.length !== at + 6 || text.charCodeAt(at + 3) !== colon) return NaN
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return NaN
  return (sign === plus ? 1 : -1) * (hours * 3600 + minutes * 60)
}

/** The decimal number at a position; -1 when one of its characters is no digit. */
function number(text: string, from: number, digits: number): number {
  let value = 0
  for (let i = from; i < from + digits; i++) {
    const digit = text.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}

function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Hinnant, "chrono-compatible low-level date algorithms", days_from_civil. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const monthFromMarch = month > 2 ? month - 3 : month + 9
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}
