import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { studentTQuantile, studentTTwoSidedTail } from './student-t.js'

function relative(value: number, expected: number): number {
  return Math.abs(value / expected - 1)
}

const times = fc.double({ min: 1e-6, max: 1e6, noNaN: true })

describe('studentTTwoSidedTail', () => {
  it('is the closed form for 1 and for 2 degrees of freedom', () => {
    fc.assert(
      fc.property(times, (t) => {
        expect(studentTTwoSidedTail(t, 1)).toBeCloseTo((2 / Math.PI) * Math.atan(1 / t), 13)
        expect(studentTTwoSidedTail(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 13)
        expect(studentTTwoSidedTail(-t, 2)).toBe(studentTTwoSidedTail(t, 2))
      }),
      { seed: 1 },
    )
  })

  // Computed with 40 digits by another library, the incomplete beta function of mpmath.
  it.each([
    [2.5, 4.7, 0.0575921593468673],
    [0.3, 9.25, 0.7708098633207298],
    [6, 29, 1.592790842617466e-6],
    [1.96, 1e6, 0.04999606758526979],
    [1.2, 0.5, 0.5592579261313646],
  ])('of t = %d with %d degrees of freedom is %d', (t, degrees, tail) => {
    expect(relative(studentTTwoSidedTail(t, degrees), tail)).toBeLessThan(1e-10)
  })

  it('is 1 at zero, 0 at infinity, and no number without degrees of freedom', () => {
    expect(studentTTwoSidedTail(0, 3)).toBe(1)
    expect(studentTTwoSidedTail(Infinity, 3)).toBe(0)
    expect(studentTTwoSidedTail(1, 0)).toBeNaN()
    expect(studentTTwoSidedTail(NaN, 3)).toBeNaN()
  })
})

describe('studentTQuantile', () => {
  // The tables of any textbook, with more digits.
  it.each([
    [1, 0.95, 12.706204736432102],
    [2, 0.95, 4.302652729911275],
    [4, 0.95, 2.7764451051977987],
    [9, 0.95, 2.2621571627409915],
    [29, 0.95, 2.045229642132703],
    [4, 0.99, 4.604094871415897],
    [9, 0.5, 0.7027221467513188],
    [1e7, 0.95, 1.9599642],
  ])('with %d degrees of freedom at %d is %d', (degrees, level, t) => {
    expect(relative(studentTQuantile(level, degrees), t)).toBeLessThan(1e-7)
  })

  it('turns the tail back, for whole and broken degrees of freedom', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.999, noNaN: true }),
        fc.double({ min: 0.5, max: 300, noNaN: true }),
        (level, degrees) => {
          const t = studentTQuantile(level, degrees)
          expect(studentTTwoSidedTail(t, degrees)).toBeCloseTo(1 - level, 12)
        },
      ),
      { seed: 1, numRuns: 300 },
    )
  })

  it('is 0 at level 0, and no number where there is none', () => {
    expect(studentTQuantile(0, 5)).toBeLessThan(1e-15)
    expect(studentTQuantile(1, 5)).toBeNaN()
    expect(studentTQuantile(0.95, 0)).toBeNaN()
  })
})
