import type { Assignment, Axis } from './axis.js'
import { latinHypercube } from './latin-hypercube.js'
import { sobolPoints } from './sobol-points.js'

export type Sampling = 'lhs' | 'sobol'

/**
 * So many points spread over all axes at once. A range without a step is sampled as it is; of listed
 * values (and ranges with a step) each has an equal share.
 *
 * @throws SimulatorError INVALID_VALUE for more axes than Sobol points are made for.
 */
export function sampledPoints(
  axes: readonly Axis[],
  count: number,
  sampling: Sampling,
  seed: number,
): Assignment[] {
  const make = sampling === 'lhs' ? latinHypercube : sobolPoints
  return make(count, axes.length, seed).map((point) =>
    axes.map((axis, dimension) => valueAt(axis, point[dimension] ?? 0)),
  )
}

function valueAt({ values, range }: Axis, share: number): unknown {
  if (range === undefined) return values?.[Math.floor(share * values.length)]
  const [low, high] = range
  return Number((low + share * (high - low)).toPrecision(12))
}
