import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawExponential } from './exponential-sampler.js'
import { LogHistogram } from './log-histogram.js'
import { drawNormal } from './normal-sampler.js'
import { type RandomStream, randomStream } from './random-stream.js'

const shares = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]

/** The smallest value at or below which a share lies. */
function exactQuantile(sorted: Float64Array, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!
}

const laws: Record<string, (stream: RandomStream) => number> = {
  exponential: (stream) => drawExponential(stream) * 0.3,
  lognormal: (stream) => Math.exp(2 * drawNormal(stream)),
  uniform: (stream) => 5 + stream.next(),
  'Pareto, over many powers of ten': (stream) => 1e-6 * stream.nextOpen() ** -2,
  'two values': (stream) => (stream.next() < 0.3 ? 0.011 : 4.2),
  'whole numbers from 0': (stream) => stream.nextInt(50),
}

describe('LogHistogram', () => {
  it.each(Object.entries(laws))('has quantiles within 0.4 %%: %s', (name, draw) => {
    for (const size of [1, 7, 1000, 50_000]) {
      const stream = randomStream(size, name)
      const values = Float64Array.from({ length: size }, () => draw(stream))
      const histogram = new LogHistogram()
      for (const value of values) histogram.add(value)
      const sorted = values.toSorted()
      for (const q of shares) {
        const exact = exactQuantile(sorted, q)
        expect(Math.abs(histogram.quantile(q) - exact)).toBeLessThanOrEqual(0.004 * exact)
      }
      expect(histogram.min).toBe(sorted[0])
      expect(histogram.max).toBe(sorted.at(-1))
    }
  })

  it('has the moments of the sample', () => {
    const stream = randomStream(3, 'moments')
    const values = Array.from({ length: 10_000 }, () => drawExponential(stream))
    const histogram = new LogHistogram()
    for (const value of values) histogram.add(value)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(histogram.count).toBe(10_000)
    expect(histogram.mean).toBeCloseTo(mean, 12)
    expect(histogram.std).toBeCloseTo(Math.sqrt(variance), 12)
  })

  it('holds after adding others what it would hold of all their values', () => {
    const value = fc.oneof(fc.nat(3), fc.double({ min: 0, max: 1e6, noNaN: true }))
    const entries = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 3 })), { maxLength: 300 })
    const series = fc.double({ min: 0, max: 10, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(entries, series), { maxLength: 4 }), (parts) => {
        const sum = new LogHistogram()
        const whole = new LogHistogram()
        for (const [values, first] of parts) {
          const part = new LogHistogram()
          for (const histogram of [part, whole]) {
            for (const [each, weight] of values) histogram.add(each, weight)
            if (values.length > 0) histogram.addSeries(first, 0.01, 20, 2)
          }
          sum.addAll(part)
        }
        expect(sum.count).toBe(whole.count)
        expect([sum.min, sum.max]).toEqual([whole.min, whole.max])
        const scale = Math.max(1, whole.max || 0)
        if (whole.count === 0) return
        expect(Math.abs(sum.mean - whole.mean)).toBeLessThanOrEqual(1e-12 * scale)
        expect(Math.abs(sum.std ** 2 - whole.std ** 2)).toBeLessThanOrEqual(1e-10 * scale ** 2)
        for (const q of shares) expect(sum.quantile(q)).toBe(whole.quantile(q))
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  it('is empty at first: no count, and NaN for the rest', () => {
    const histogram = new LogHistogram()
    expect(histogram.count).toBe(0)
    expect(histogram.sum).toBe(0)
    for (const figure of [histogram.mean, histogram.std, histogram.min, histogram.max])
      expect(figure).toBeNaN()
    expect(histogram.quantile(0.5)).toBeNaN()
  })

  it.each([0, 1e-300, 2 ** -41, 0.1, 1 / 3, 12_345.678, 2 ** 41, 1e300])(
    'has no deviation where every value is %d, and gives it back',
    (value) => {
      const histogram = new LogHistogram()
      for (let i = 0; i < 1000; i++) histogram.add(value)
      histogram.addSeries(value, 0, 12, 3)
      expect(histogram.std).toBe(0)
      expect(histogram.count).toBe(1036)
      for (const q of shares) expect(histogram.quantile(q)).toBe(value)
    },
  )

  it('has a deviation as exact as its values where these differ little', () => {
    const histogram = new LogHistogram()
    for (let i = 0; i < 1000; i++) histogram.add(1e6 + (i % 2) * 1e-4)
    expect(histogram.std).toBeCloseTo(0.5e-4, 9)
  })

  it('counts a weighted value as often as it says', () => {
    const weighted = new LogHistogram()
    const single = new LogHistogram()
    for (const [value, weight] of [
      [0, 3],
      [0.02, 5],
      [7, 1],
      [0.021, 40],
    ] as const) {
      weighted.add(value, weight)
      for (let i = 0; i < weight; i++) single.add(value)
    }
    expectSame(weighted, single)
  })

  it('has nearest ranks', () => {
    const histogram = new LogHistogram()
    for (const value of [0, 0, 1, 2]) histogram.add(value)
    expect(histogram.quantile(0.5)).toBe(0)
    expect(histogram.quantile(0.75)).toBeCloseTo(1, 2)
    expect(histogram.quantile(0.7501)).toBe(2)
  })

  it('puts values beyond its range into the end buckets, and keeps their extremes', () => {
    const histogram = new LogHistogram()
    histogram.add(1e-20)
    histogram.add(1e-15)
    histogram.add(1e20)
    expect(histogram.quantile(0)).toBeGreaterThanOrEqual(1e-20)
    expect(histogram.quantile(0)).toBeLessThan(2 ** -39)
    expect(histogram.quantile(1)).toBeLessThanOrEqual(1e20)
    expect(histogram.quantile(1)).toBeGreaterThan(2 ** 39)
    expect(histogram.max).toBe(1e20)
  })

  it('refuses negative values and NaN, and is then unchanged', () => {
    const histogram = new LogHistogram()
    expect(() => {
      histogram.add(-1e-9)
    }).toThrow(RangeError)
    expect(() => {
      histogram.add(NaN)
    }).toThrow(RangeError)
    expect(() => {
      histogram.addSeries(1, -0.5, 4, 1)
    }).toThrow(RangeError)
    expect(() => {
      histogram.addSeries(-1, 0.5, 4, 1)
    }).toThrow(RangeError)
    expect(histogram.count).toBe(0)
  })
})

function expectSame(a: LogHistogram, b: LogHistogram): void {
  expect(a.count).toBe(b.count)
  expect(a.min).toBe(b.min)
  expect(a.max).toBe(b.max)
  for (const q of shares) expect(a.quantile(q)).toBe(b.quantile(q))
  const scale = Math.max(b.max, Number.MIN_VALUE)
  expect(Math.abs(a.sum - b.sum)).toBeLessThanOrEqual(1e-12 * Math.max(b.sum, Number.MIN_VALUE))
  expect(Math.abs(a.mean - b.mean)).toBeLessThanOrEqual(1e-12 * scale)
  // A variance to 1e-12 of the largest square.
  expect(Math.abs(a.std ** 2 - b.std ** 2)).toBeLessThanOrEqual(1e-12 * scale ** 2)
}

describe('LogHistogram.addSeries', () => {
  function compare(first: number, growth: number, terms: number, weight: number): void {
    const closed = new LogHistogram()
    const single = new LogHistogram()
    for (const histogram of [closed, single]) histogram.add(0.37, 2)
    closed.addSeries(first, growth, terms, weight)
    for (let k = 0; k < terms; k++) single.add(first + k * growth, weight)
    expectSame(closed, single)
  }

  it.each([
    [0.02, 0, 5, 3],
    [0.02, 1e-6, 5000, 64],
    [0.02, 1e-30, 100, 1],
    [0.02, 0.5, 2000, 1],
    [0, 0.1, 100, 2],
    [0, 0, 10, 1],
    [1e-9, 1, 1000, 1],
    [1, 1 / 128, 300, 1],
    [127 / 128, 1 / 256, 300, 7],
    [2 ** -42, 2 ** -43, 5000, 1],
    [2 ** 39, 2 ** 36, 5000, 1],
    // Exact in binary, so that no rounding decides a bucket.
    [5, -0.0078125, 640, 2],
    [2, -0.25, 9, 1],
    [3, 1, 1, 4],
    [3, -1, 1, 4],
    [3, -1, 4, 4],
    [3, 1, 2, 1],
    [3, 1, 0, 4],
    [3, 1, -2, 4],
  ])('from %d by %d, %d terms, %d times each, equals the single values', compare)

  it('equals the single values for any series', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e3, noNaN: true }),
        fc.oneof(
          fc.double({ min: 0, max: 2, noNaN: true }),
          fc.integer({ min: 0, max: 30 }).map((exponent) => 2 ** -exponent),
        ),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 100 }),
        compare,
      ),
      { seed: 1, numRuns: 300 },
    )
  })

  it('adds nothing with no weight', () => {
    const histogram = new LogHistogram()
    histogram.addSeries(3, 1, 4, 0)
    expect(histogram.count).toBe(0)
    expect(histogram.min).toBeNaN()
  })

  it('takes a series of billions of terms', () => {
    const histogram = new LogHistogram()
    histogram.addSeries(1e-3, 1e-9, 4e9, 2)
    expect(histogram.count).toBe(8e9)
    expect(histogram.mean / (1e-3 + 1e-9 * (4e9 - 1) * 0.5)).toBeCloseTo(1, 12)
    expect(histogram.quantile(0.5) / histogram.mean).toBeCloseTo(1, 2)
    // A uniform distribution's deviation is its range by the root of 12.
    expect((histogram.std * Math.sqrt(12)) / 4).toBeCloseTo(1, 9)
  })
})
