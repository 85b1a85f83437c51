import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { confidenceHalfWidth, sampleOf, welchTest } from './sample.js'

describe('sampleOf', () => {
  it('divides the squares by one less than the count', () => {
    // Deviations -2, -1, 0, 1, 2: squares 10, over 4.
    expect(sampleOf([10, 11, 12, 13, 14])).toEqual({ count: 5, mean: 12, std: Math.sqrt(2.5) })
  })

  it('knows the spread of no run that is alone', () => {
    expect(sampleOf([3])).toEqual({ count: 1, mean: 3, std: NaN })
    expect(sampleOf([])).toEqual({ count: 0, mean: NaN, std: NaN })
  })

  it('finds none between equal values, whatever they round to', () => {
    expect(sampleOf([0.1, 0.1, 0.1])).toEqual({ count: 3, mean: 0.1, std: 0 })
  })
})

describe('confidenceHalfWidth', () => {
  it('is t times the standard error', () => {
    // t of 4 degrees of freedom at 95 % is 2.776445; 2.776445 * sqrt(2.5 / 5).
    expect(confidenceHalfWidth(sampleOf([10, 11, 12, 13, 14]))).toBeCloseTo(1.963243, 6)
    // t at 99 % is 4.604095.
    expect(confidenceHalfWidth(sampleOf([10, 11, 12, 13, 14]), 0.99)).toBeCloseTo(3.255587, 6)
    expect(confidenceHalfWidth(sampleOf([1, 3]))).toBeCloseTo(12.706205, 6)
  })

  it('needs two runs', () => {
    expect(confidenceHalfWidth(sampleOf([3]))).toBeNaN()
  })
})

describe('welchTest', () => {
  it('is the hand-computed case', () => {
    // Means 12 and 15; s^2/n = 2.5/5 = 0.5 and 8/4 = 2: t = 3 / sqrt(2.5) = 1.897367,
    // degrees of freedom 2.5^2 / (0.5^2/4 + 2^2/3) = 6.25 / 1.395833 = 4.477612.
    const test = welchTest(sampleOf([10, 11, 12, 13, 14]), {
      count: 4,
      mean: 15,
      std: Math.sqrt(8),
    })
    expect(test.difference).toBe(3)
    expect(test.degreesOfFreedom).toBeCloseTo(4.477612, 6)
    expect(test.pValue).toBeCloseTo(0.122994, 6)
    expect(test.halfWidth).toBeCloseTo(4.211298, 6)
  })

  it('says the same both ways round, with the sign turned', () => {
    const values = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), {
      minLength: 2,
      maxLength: 9,
    })
    fc.assert(
      fc.property(values, values, (some, others) => {
        const there = welchTest(sampleOf(some), sampleOf(others))
        const back = welchTest(sampleOf(others), sampleOf(some))
        expect(back.difference).toBeCloseTo(-there.difference, 9)
        expect(back.pValue).toBeCloseTo(there.pValue, 9)
        expect(there.pValue).toBeGreaterThanOrEqual(0)
        expect(there.pValue).toBeLessThanOrEqual(1 + 1e-12)
        // The interval leaves zero out where the test is significant at its level.
        if (Math.abs(there.pValue - 0.05) > 1e-6)
          expect(Math.abs(there.difference) > there.halfWidth).toBe(there.pValue < 0.05)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('is certain where nothing varies', () => {
    const same = { count: 3, mean: 1, std: 0 }
    expect(welchTest(same, same)).toEqual({
      difference: 0,
      halfWidth: 0,
      degreesOfFreedom: 4,
      pValue: 1,
    })
    expect(welchTest(same, { ...same, mean: 2 }).pValue).toBe(0)
  })

  it('says nothing of one run', () => {
    const test = welchTest(sampleOf([1]), sampleOf([1, 2]))
    expect(test).toMatchObject({ difference: 0.5, pValue: NaN, halfWidth: NaN })
  })

  it('keeps its level: one in twenty of equal means is called different', () => {
    // A fixed sequence of numbers between 0 and 1, of a linear congruential generator.
    let state = 12345
    const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647
    const draw = (count: number, scale: number): number[] =>
      Array.from({ length: count }, () => {
        let sum = 0
        for (let i = 0; i < 12; i++) sum += next()
        return scale * (sum - 6)
      })
    let called = 0
    const trials = 4000
    for (let i = 0; i < trials; i++)
      if (welchTest(sampleOf(draw(6, 1)), sampleOf(draw(9, 3))).pValue < 0.05) called++
    expect(called / trials).toBeGreaterThan(0.038)
    expect(called / trials).toBeLessThan(0.062)
  })
})
