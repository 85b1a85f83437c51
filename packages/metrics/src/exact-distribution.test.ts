import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactDistribution } from './exact-distribution.js'

describe('ExactDistribution', () => {
  it('agrees with the sample written out and sorted', () => {
    const value = fc.oneof(fc.nat(5), fc.double({ min: 0, max: 1e6, noNaN: true }))
    const entry = fc.tuple(value, fc.integer({ min: 1, max: 4 }))
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (entries, q) => {
          const distribution = new ExactDistribution()
          for (const [number, weight] of entries) distribution.add(number, weight)
          const sample = entries.flatMap(([number, weight]) =>
            Array.from({ length: weight }, () => number),
          )
          const sorted = sample.toSorted((a, b) => a - b)
          const mean = sample.reduce((sum, each) => sum + each, 0) / sample.length
          const variance = sample.reduce((sum, each) => sum + (each - mean) ** 2, 0) / sample.length
          const scale = Math.max(1, sorted.at(-1)!)
          expect(distribution.count).toBe(sample.length)
          expect(distribution.min).toBe(sorted[0])
          expect(distribution.max).toBe(sorted.at(-1))
          expect(Math.abs(distribution.mean - mean)).toBeLessThan(1e-12 * scale)
          expect(Math.abs(distribution.std ** 2 - variance)).toBeLessThan(1e-11 * scale ** 2)
          for (const share of [0, 0.5, 0.9, 1, q])
            expect(distribution.quantile(share)).toBe(
              sorted[Math.max(0, Math.ceil(share * sample.length) - 1)],
            )
        },
      ),
      { seed: 1, numRuns: 300 },
    )
  })

  it('takes more values after it was asked', () => {
    const distribution = new ExactDistribution()
    distribution.add(2)
    expect(distribution.quantile(1)).toBe(2)
    distribution.add(3)
    distribution.add(1)
    expect(distribution.quantile(1)).toBe(3)
    expect(distribution.quantile(0)).toBe(1)
  })

  it('adds a series value by value', () => {
    const distribution = new ExactDistribution()
    distribution.addSeries(1, 0.5, 4, 2)
    distribution.addSeries(9, 1, 0, 2)
    expect(distribution).toMatchObject({ count: 8, sum: 14, min: 1, max: 2.5, mean: 1.75 })
    expect(distribution.quantile(0.5)).toBe(1.5)
  })

  it('adds all that another one holds', () => {
    const sum = new ExactDistribution()
    const other = new ExactDistribution()
    sum.add(3)
    sum.addAll(other)
    other.add(1, 2)
    other.addSeries(5, 1, 2, 1)
    sum.addAll(other)
    expect([sum.count, sum.mean, sum.min, sum.max]).toEqual([5, 16 / 5, 1, 6])
    expect(sum.quantile(0.5)).toBe(3)
  })

  it('finds a rank that lies between two values whatever the order of fractional weights', () => {
    // 7 and 14 times 0.1, added up, are 0.7 and 1.4000000000000001.
    const apart = new ExactDistribution()
    for (let i = 0; i < 14; i++) apart.add(1 + (i % 2), 0.1)
    expect(apart.quantile(0.5)).toBe(1)
    const together = new ExactDistribution()
    for (const value of [1, 2]) together.add(value, 0.7)
    expect(together.quantile(0.5)).toBe(1)
  })

  it('grows past its first thousand values', () => {
    const distribution = new ExactDistribution()
    for (let i = 5000; i > 0; i--) distribution.add(i)
    expect(distribution.quantile(0.5)).toBe(2500)
    expect(distribution.quantile(0.99)).toBe(4950)
    expect(distribution.count).toBe(5000)
  })

  it('has no deviation where every value is the same, and no figure where there is none', () => {
    const distribution = new ExactDistribution()
    expect(distribution.quantile(0.5)).toBeNaN()
    expect(distribution.mean).toBeNaN()
    expect(distribution.std).toBeNaN()
    for (let i = 0; i < 100; i++) distribution.add(0.1)
    expect(distribution.std).toBe(0)
  })

  it.each([-1e-9, NaN, -Infinity])('refuses %d', (value) => {
    const distribution = new ExactDistribution()
    expect(() => {
      distribution.add(value)
    }).toThrow(RangeError)
    expect(distribution.count).toBe(0)
  })
})
