import { describe, expect, test } from 'vitest'
import { drawExponential } from './exponential-sampler.js'
import { gammaSampler } from './gamma-sampler.js'
import { drawNormal } from './normal-sampler.js'
import { RandomStream, randomStream } from './random-stream.js'
import { zipfSampler } from './zipf-sampler.js'

const draws = 400_000

function sample(draw: () => number): Float64Array {
  return Float64Array.from({ length: draws }, draw)
}

/** Largest distance between the sample's distribution and the given one, times sqrt(draws). */
function kolmogorov(values: Float64Array, distribution: (x: number) => number): number {
  const sorted = values.toSorted()
  let distance = 0
  for (let i = 0; i < draws; i++) {
    const p = distribution(sorted[i]!)
    distance = Math.max(distance, p - i / draws, (i + 1) / draws - p)
  }
  return distance * Math.sqrt(draws)
}
/** Exceeded once in a thousand samples. */
const kolmogorovLimit = 1.95

function moment(values: Float64Array, power: number): number {
  let sum = 0
  for (const value of values) sum += value ** power
  return sum / values.length
}

/** The normal distribution function by its series, and for large x by its continued fraction. */
function normalDistribution(x: number): number {
  if (x < 0) return 1 - normalDistribution(-x)
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)
  if (x > 5) return 1 - density / x
  let term = x
  let sum = x
  for (let k = 3; term > 1e-17 * sum; k += 2) {
    term *= (x * x) / k
    sum += term
  }
  return 0.5 + density * sum
}

describe('drawExponential', () => {
  const stream = randomStream(5, 'exponential')
  const values = sample(() => drawExponential(stream))

  test('has the distribution, the moments and the tail', () => {
    expect(kolmogorov(values, (x) => 1 - Math.exp(-x))).toBeLessThan(kolmogorovLimit)
    expect(Math.abs(moment(values, 1) - 1)).toBeLessThan(4 / Math.sqrt(draws))
    expect(Math.abs(moment(values, 2) - 2)).toBeLessThan(4 * Math.sqrt(20 / draws))
    // 181 are expected beyond the ziggurat's last layer.
    const beyond = values.filter((x) => x > 7.69711747013105)
    expect(Math.abs(beyond.length - draws * Math.exp(-7.69711747013105))).toBeLessThan(54)
    expect(Math.min(...beyond)).toBeLessThan(7.8)
    expect(Math.max(...beyond)).toBeGreaterThan(10)
  })
})

describe('drawNormal', () => {
  const stream = randomStream(5, 'normal')
  const values = sample(() => drawNormal(stream))

  test('has the distribution and the moments', () => {
    expect(kolmogorov(values, normalDistribution)).toBeLessThan(kolmogorovLimit)
    expect(Math.abs(moment(values, 1))).toBeLessThan(4 / Math.sqrt(draws))
    expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / draws))
    expect(Math.abs(moment(values, 3))).toBeLessThan(4 * Math.sqrt(15 / draws))
    expect(Math.abs(moment(values, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / draws))
  })

  test('has both tails beyond the last layer', () => {
    const long = randomStream(6, 'normal')
    let above = 0
    let below = 0
    for (let i = 0; i < 4_000_000; i++) {
      const x = drawNormal(long)
      if (x > 3.6541528853610088) above++
      if (x < -3.6541528853610088) below++
    }
    // 516 each: 4,000,000 times 1.290e-4.
    expect(Math.abs(above - 516)).toBeLessThan(91)
    expect(Math.abs(below - 516)).toBeLessThan(91)
  })
})

describe('gammaSampler', () => {
  test.each([0.05, 0.3, 1, 2.5, 40, 1e6])('shape %d: mean, variance and skewness', (shape) => {
    const values = sample(gammaSampler(randomStream(5, 'gamma'), shape))
    const mean = moment(values, 1)
    const centred = values.map((value) => value - mean)
    const variance = moment(centred, 2)
    expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / draws))
    expect(Math.abs(variance / shape - 1)).toBeLessThan(4 * Math.sqrt((2 + 6 / shape) / draws))
    expect(Math.abs(moment(centred, 3) / variance ** 1.5 - 2 / Math.sqrt(shape))).toBeLessThan(
      0.02 + 0.25 / shape,
    )
  })

  test('shape 1 is exponential, shape 1/2 half a squared normal', () => {
    const one = sample(gammaSampler(randomStream(5, 'one'), 1))
    expect(kolmogorov(one, (x) => 1 - Math.exp(-x))).toBeLessThan(kolmogorovLimit)
    const half = sample(gammaSampler(randomStream(5, 'half'), 0.5))
    const distribution = (x: number): number => 2 * normalDistribution(Math.sqrt(2 * x)) - 1
    expect(kolmogorov(half, distribution)).toBeLessThan(kolmogorovLimit)
  })

  test.each([0, -1, NaN, Infinity])('refuses the shape %d', (shape) => {
    expect(() => gammaSampler(randomStream(1, 'x'), shape)).toThrow(RangeError)
  })
})

describe('zipfSampler', () => {
  test.each([0, 0.5, 1, 1 + 1e-9, 1.1, 2, 3.5])('exponent %d: the probabilities', (exponent) => {
    const n = 40
    const draw = zipfSampler(randomStream(5, 'zipf'), n, exponent)
    const counts = new Float64Array(n + 1)
    for (let i = 0; i < draws; i++) counts[draw()]! += 1
    let total = 0
    for (let k = 1; k <= n; k++) total += k ** -exponent
    let sum = 0
    for (let k = 1; k <= n; k++) {
      const expected = (draws * k ** -exponent) / total
      if (expected >= 5) sum += (counts[k]! - expected) ** 2 / expected
    }
    // 39 degrees of freedom: 72.1 is exceeded once in a thousand.
    expect(sum).toBeLessThan(72.1)
  })

  test('stays within its range for large n and for steep exponents', () => {
    for (const exponent of [0, 0.3, 1, 2, 60, 1000]) {
      const draw = zipfSampler(randomStream(5, 'zipf'), 10_000_000, exponent)
      for (let i = 0; i < 2000; i++) {
        const k = draw()
        if (!Number.isInteger(k) || k < 1 || k > 10_000_000) expect.fail(`${k}`)
      }
    }
    expect(zipfSampler(randomStream(1, 'x'), 1, 2)()).toBe(1)
  })

  test.each([
    [0, 1],
    [1.5, 1],
    [10, -1],
    [10, NaN],
  ])('refuses n = %d with the exponent %d', (n, exponent) => {
    expect(() => zipfSampler(randomStream(1, 'x'), n, exponent)).toThrow(RangeError)
  })
})

test('every sampler draws the same numbers on every machine', () => {
  const stream = new RandomStream(1, 2, 3, 4)
  const samplers = [
    () => drawExponential(stream),
    () => drawNormal(stream),
    gammaSampler(stream, 0.4),
    gammaSampler(stream, 3),
    zipfSampler(stream, 1000, 1.2),
  ]
  const sums = samplers.map((draw) => {
    let sum = 0
    for (let i = 0; i < 10_000; i++) sum += draw()
    return sum
  })
  expect(sums).toMatchInlineSnapshot(`
    [
      9967.933239921387,
      -60.90650148009077,
      3963.54848434954,
      30107.71667991621,
      719043,
    ]
  `)
})
