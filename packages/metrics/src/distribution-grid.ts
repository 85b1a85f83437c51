import type { Distribution } from '@llmsim/contracts'

/** Each hundredth, and the tail more finely. */
export const quantileGrid: readonly number[] = [
  ...Array.from({ length: 100 }, (_, i) => i / 100),
  0.995,
  0.999,
  0.9995,
  0.9999,
  1,
]

/** The values at the quantiles of the grid, rising; null of an empty sample. */
export function quantilesOf(values: Distribution): number[] | null {
  if (values.count === 0) return null
  return quantileGrid.map((q) => (q === 0 ? values.min : q === 1 ? values.max : values.quantile(q)))
}
