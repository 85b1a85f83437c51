/** A unit that makes numbers short. */
export interface Scale {
  readonly unit: string
  /** Values times this are in the unit. */
  readonly factor: number
}

/** The unit for durations of at most `most` seconds. */
export function durationScale(most: number): Scale {
  if (most >= 1) return { unit: 's', factor: 1 }
  return most >= 1e-3 ? { unit: 'ms', factor: 1e3 } : { unit: 'µs', factor: 1e6 }
}

/** The unit for the time of a run that ends at `end` seconds. */
export function clockScale(end: number): Scale {
  if (end > 3 * 86400) return { unit: 'days', factor: 1 / 86400 }
  if (end > 3 * 3600) return { unit: 'h', factor: 1 / 3600 }
  return end > 600 ? { unit: 'min', factor: 1 / 60 } : { unit: 's', factor: 1 }
}

/** The unit for numbers of at most `most`: thousands, millions. */
export function countScale(most: number): Scale {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P']
  let index = 0
  for (let left = most; left >= 10_000 && index < prefixes.length - 1; left /= 1000) index++
  return { unit: prefixes[index] ?? '', factor: 1000 ** -index }
}

/** The largest of the values; 0 where there is none. */
export function largest(values: Iterable<number | null>): number {
  let most = 0
  for (const value of values) if (value !== null && value > most) most = value
  return most
}
