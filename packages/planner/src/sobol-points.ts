import { SimulatorError } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { directionNumbers } from './direction-numbers.js'

const bits = 32
const scale = 2 ** -32

/** Dimensions for which there are direction numbers. */
export const mostSobolDimensions: number = directionNumbers.length + 1

/**
 * Points of Sobol's sequence in `[0, 1)^dimensions`, in Gray-code order (Antonov and Saleev, 1979), with
 * direction numbers of Joe and Kuo. Each dimension is shifted digit by digit (exclusive or) by a random
 * number of the seed, which keeps what makes the points even; without a seed nothing is shifted.
 *
 * @throws SimulatorError INVALID_VALUE for more than 32 dimensions.
 */
export function sobolPoints(count: number, dimensions: number, seed?: number): number[][] {
  if (dimensions > mostSobolDimensions)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'dimensions',
      message: 'are more than Sobol points are made for',
      given: dimensions,
      accepted: `at most ${mostSobolDimensions}, or a Latin hypercube`,
    })
  const stream = seed === undefined ? undefined : randomStream(seed, 'sobol')
  const directions = Array.from({ length: dimensions }, (_, at) => directionsOf(at))
  const state = Array.from({ length: dimensions }, () => stream?.nextBits() ?? 0)
  const points: number[][] = []
  for (let index = 0; index < count; index++) {
    points.push(state.map((word) => (word >>> 0) * scale))
    const flipped = trailingOnes(index)
    for (const [dimension, own] of directions.entries())
      state[dimension] = (state[dimension] ?? 0) ^ (own[flipped] ?? 0)
  }
  return points
}

/** The direction numbers of one dimension as words whose top bit stands for a half. */
function directionsOf(dimension: number): Int32Array {
  const words = new Int32Array(bits)
  const row = directionNumbers[dimension - 1]
  if (dimension === 0 || row === undefined) {
    for (let bit = 0; bit < bits; bit++) words[bit] = 1 << (bits - 1 - bit)
    return words
  }
  const [degree = 1, coefficients = 0, ...initial] = row
  for (let bit = 0; bit < bits; bit++) {
    if (bit < degree) {
      words[bit] = (initial[bit] ?? 0) << (bits - 1 - bit)
      continue
    }
    const before = words[bit - degree] ?? 0
    let word = before ^ (before >>> degree)
    for (let term = 1; term < degree; term++)
      if (((coefficients >>> (degree - 1 - term)) & 1) === 1) word ^= words[bit - term] ?? 0
    words[bit] = word
  }
  return words
}

function trailingOnes(index: number): number {
  let count = 0
  for (let rest = index; (rest & 1) === 1; rest >>>= 1) count++
  return count
}
