import { isSimulatorError, lengthDistributions } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inputLengthFields, type LengthDistribution, lengthSampler } from './length-distribution.js'

const draws = 200_000

function moments(lengths: LengthDistribution): { mean: number; std: number; values: number[] } {
  const draw = lengthSampler(lengths, randomStream(7, 'lengths'))
  const values = Array.from({ length: draws }, draw)
  const mean = values.reduce((sum, value) => sum + value, 0) / draws
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws
  return { mean, std: Math.sqrt(square), values }
}

describe('lengthSampler', () => {
  test('fixed: the rounded mean', () => {
    expect(moments({ distribution: 'fixed', mean: 100.4 }).values.every((v) => v === 100)).toBe(
      true,
    )
  })

  test('uniform: every integer from 1 to 2 mean - 1 equally often', () => {
    const { values } = moments({ distribution: 'uniform', mean: 5 })
    const counts = new Float64Array(11)
    for (const value of values) counts[value]! += 1
    expect(counts[0]! + counts[10]!).toBe(0)
    for (let k = 1; k <= 9; k++) expect(Math.abs(counts[k]! / draws - 1 / 9)).toBeLessThan(0.003)
  })

  test.each([
    { distribution: 'uniform', mean: 512, std: 100 },
    { distribution: 'uniform', mean: 12, std: 0 },
    { distribution: 'normal', mean: 512, std: 100 },
    { distribution: 'lognormal', mean: 512, std: 256 },
    { distribution: 'lognormal', mean: 128.5, std: 12 },
  ] as const)('has the mean and the standard deviation asked for: %j', (lengths) => {
    const { mean, std } = moments(lengths)
    // Five standard errors, and the variance of 1/12 that rounding adds.
    expect(Math.abs(mean - lengths.mean)).toBeLessThanOrEqual((5 * lengths.std) / Math.sqrt(draws))
    expect(Math.abs(std - lengths.std)).toBeLessThanOrEqual(lengths.std * 0.02)
  })

  test.each(['normal', 'lognormal'] as const)('%s: std is mean / 2 when absent', (distribution) => {
    expect(moments({ distribution, mean: 400 }).values).toEqual(
      moments({ distribution, mean: 400, std: 200 }).values,
    )
  })

  test('lognormal: its logarithm is normal', () => {
    const { values } = moments({ distribution: 'lognormal', mean: 1000, std: 1000 })
    const sorted = values.toSorted((a, b) => a - b)
    const sigma = Math.sqrt(Math.log(2))
    const quantile = (q: number): number => sorted[Math.floor(q * draws)]!
    expect(quantile(0.5)).toBeCloseTo(1000 / Math.sqrt(2), -1.5)
    expect(quantile(0.975) / quantile(0.5)).toBeCloseTo(Math.exp(1.959964 * sigma), 0)
  })

  test.each([
    { mean: 20, max: 1000 },
    { mean: 1.5, max: 10 },
    { mean: 5, max: 10 },
    { mean: 5.5, max: 10 },
    { mean: 400, max: 1000 },
    { mean: 512, max: undefined },
  ])('zipf: the exponent gives the mean: %j', ({ mean, max }) => {
    const found = moments({ distribution: 'zipf', mean, max })
    expect(Math.abs(found.mean - mean)).toBeLessThan((5 * found.std) / Math.sqrt(draws))
    expect(Math.max(...new Set(found.values))).toBeLessThanOrEqual(max ?? 20 * mean)
  })

  test('zipf: a mean of 1 leaves only 1', () => {
    expect(moments({ distribution: 'zipf', mean: 1, max: 100 }).mean).toBe(1)
  })

  test('cuts to the minimum and the maximum', () => {
    const { values } = moments({ distribution: 'normal', mean: 10, std: 50, min: 3, max: 20 })
    expect(new Set(values)).toEqual(new Set(Array.from({ length: 18 }, (_, i) => i + 3)))
  })

  test.each([
    [{ distribution: 'fixed', mean: 5, std: 1 }, 'CONFLICT workload.input_length_std: a fixed'],
    [{ distribution: 'zipf', mean: 5, std: 1 }, 'CONFLICT workload.input_length_std: the mean'],
    [
      { distribution: 'zipf', mean: 6, max: 10 },
      'CONFLICT workload.avg_input_length: a zipf distribution up to 10 leans to small values; given 6; accepted: at most 5.5, or a larger workload.max_input_length',
    ],
    [
      { distribution: 'normal', mean: 600, max: 500 },
      'CONFLICT workload.max_input_length: is below workload.avg_input_length; given 500',
    ],
    [{ distribution: 'fixed', mean: 5, min: 9, max: 8 }, 'CONFLICT workload.max_input_length'],
    [{ distribution: 'normal', mean: 0.5 }, 'INVALID_VALUE workload.avg_input_length: is out of'],
    [{ distribution: 'normal', mean: NaN }, 'INVALID_VALUE workload.avg_input_length'],
    [{ distribution: 'normal', mean: 1e8 }, 'INVALID_VALUE workload.avg_input_length'],
    [{ distribution: 'normal', mean: 5, std: -1 }, 'INVALID_VALUE workload.input_length_std'],
    [{ distribution: 'normal', mean: 5, std: Infinity }, 'INVALID_VALUE workload.input_length_st'],
    [{ distribution: 'normal', mean: 5, max: 7.5 }, 'INVALID_VALUE workload.max_input_length'],
    [{ distribution: 'normal', mean: 5, min: 0 }, 'INVALID_VALUE min'],
    [
      { distribution: 'pareto', mean: 5 } as unknown as LengthDistribution,
      'INVALID_VALUE workload.length_distribution: is not a length distribution; given "pareto"; accepted: fixed, uniform, normal, lognormal, zipf',
    ],
  ] as const)('refuses %j', (lengths, message) => {
    let text = 'no error'
    try {
      lengthSampler(lengths, randomStream(1, 'x'), inputLengthFields)
    } catch (error) {
      if (isSimulatorError(error)) text = `${error.code} ${error.message}`
    }
    expect(text).toContain(message)
  })

  test('draws integers within the limits, or throws a SimulatorError, for any parameters', () => {
    const number = fc.oneof(
      fc.double(),
      fc.double({ min: 0, max: 1e7 }),
      fc.integer({ min: 1, max: 50 }),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...lengthDistributions),
        number,
        fc.option(number, { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 1e7 }), { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 1e7 }), { nil: undefined }),
        (distribution, mean, std, min, max) => {
          let draw: () => number
          try {
            draw = lengthSampler({ distribution, mean, std, min, max }, randomStream(1, 'any'))
          } catch (error) {
            expect(isSimulatorError(error)).toBe(true)
            return
          }
          for (let i = 0; i < 20; i++) {
            const tokens = draw()
            expect(Number.isInteger(tokens)).toBe(true)
            expect(tokens).toBeGreaterThanOrEqual(min ?? 1)
            expect(tokens).toBeLessThanOrEqual(max ?? 10_000_000)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
