import { SimulatorError } from '@llmsim/contracts'
import { type RandomStream } from '@llmsim/engine'
import {
  type LengthDistribution,
  type LengthFields,
  lengthSampler,
  tokenLimit,
} from './length-distribution.js'

/** Lengths as they were counted. */
export interface HistogramLengths {
  readonly distribution: 'histogram'
  /** Weights need not sum to 1. With `upTo`, each integer from `tokens` to it is equally likely. */
  readonly bins: readonly {
    readonly tokens: number
    readonly upTo?: number | undefined
    readonly weight: number
  }[]
}

/** How many tokens a prompt or an output has: by a formula or by counts. */
export type Lengths = LengthDistribution | HistogramLengths

/**
 * Draws token counts of either kind.
 *
 * @throws SimulatorError as {@link lengthSampler}, and INVALID_VALUE for a bin out of range.
 */
export function lengthsSampler(
  lengths: Lengths,
  stream: RandomStream,
  fields?: LengthFields,
): () => number {
  if (lengths.distribution !== 'histogram') return lengthSampler(lengths, stream, fields)
  const { bins: path = 'bins', counted = 'tokens' } = fields ?? {}
  const pick = weightedPick(
    lengths.bins.map(({ weight }) => weight),
    stream,
    path,
  )
  for (const [index, { tokens, upTo = tokens }] of lengths.bins.entries())
    if (
      !(Number.isInteger(tokens) && Number.isInteger(upTo)) ||
      tokens < 1 ||
      upTo < tokens ||
      upTo > tokenLimit
    )
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: `${path}[${index}]`,
        message: `is no range of ${counted}`,
        given: `${tokens} to ${upTo}`,
        accepted: 'integers from 1 to 10,000,000, the first no larger than the second',
      })
  return () => {
    const { tokens, upTo = tokens } = lengths.bins[pick()]!
    return upTo === tokens ? tokens : tokens + stream.nextInt(upTo - tokens + 1)
  }
}

/**
 * Draws indices with probabilities proportional to weights.
 *
 * @throws SimulatorError INVALID_VALUE for a negative weight, or when all are 0.
 */
export function weightedPick(
  weights: readonly number[],
  stream: RandomStream,
  path: string,
): () => number {
  const sums = new Float64Array(weights.length)
  let sum = 0
  for (const [index, weight] of weights.entries()) {
    if (!(weight >= 0 && weight <= 1e15))
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: `${path}[${index}].weight`,
        message: 'is out of range',
        given: weight,
        accepted: 'a number from 0 up',
      })
    sum += weight
    sums[index] = sum
  }
  if (!(sum > 0))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path,
      message: 'has no weight above 0',
      given: weights,
      accepted: 'weights of which at least one is above 0',
    })
  return () => {
    const target = stream.next() * sum
    let low = 0
    let high = sums.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle]! > target) high = middle
      else low = middle + 1
    }
    return low
  }
}
