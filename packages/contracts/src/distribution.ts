/** A weighted sample that answers with moments and quantiles. */
export interface Distribution {
  /** Adds a value, `weight` times (1 when left out). */
  add(value: number, weight?: number): void
  /** Adds `first + k * growth` for each whole `k` from 0 to `terms - 1`, each `weight` times. */
  addSeries(first: number, growth: number, terms: number, weight: number): void
  readonly count: number
  readonly sum: number
  /** NaN when empty, like all of the figures below. */
  readonly mean: number
  readonly min: number
  readonly max: number
  /** Standard deviation of the sample seen as a population. */
  readonly std: number
  /** The smallest value at or below which a share `q` of the sample lies (nearest rank). */
  quantile(q: number): number
}

/** Makes an empty distribution. */
export type DistributionFactory = () => Distribution
