/** How far simulated figures lie from measured ones, in percent. */
export interface ErrorStatistics {
  readonly count: number
  readonly median_absolute_percent: number
  readonly p90_absolute_percent: number
  /** Median of the signed errors: above 0 where the simulation tends to be larger. */
  readonly bias_percent: number
}

/** Statistics of relative errors; undefined of none. */
export function errorStatistics(errors: readonly number[]): ErrorStatistics | undefined {
  if (errors.length === 0) return undefined
  const absolute = errors.map(Math.abs)
  return {
    count: errors.length,
    median_absolute_percent: 100 * quantile(absolute, 0.5),
    p90_absolute_percent: 100 * quantile(absolute, 0.9),
    bias_percent: 100 * quantile(errors, 0.5),
  }
}

/** The quantile of a sample, linear between neighbours; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const from = sorted[low] ?? NaN
  const to = sorted[Math.min(low + 1, sorted.length - 1)] ?? NaN
  return from + (to - from) * (at - low)
}
