import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fitRegularised, type FitProblem } from './regularised-fit.js'

const unknown = { start: 0, least: -1, most: 1, freedom: 0.15 }

/** Rows that all say `value`, of one unknown. */
function saying(...values: number[]): FitProblem {
  return {
    unknowns: [unknown],
    errors: ([at = 0]) => values.map((value) => at - value),
  }
}

it('follows many rows that agree, and stays between one row and the start', () => {
  const many = fitRegularised(saying(...Array.from({ length: 50 }, () => 0.3)))
  expect(many.values[0]).toBeCloseTo(0.3, 2)
  const [one = 0] = fitRegularised(saying(0.1)).values
  expect(one).toBeGreaterThan(0.02)
  expect(one).toBeLessThan(0.09)
})

it('weighs an outlier less than the rows that agree', () => {
  const [value = 0] = fitRegularised(saying(0, 0, 0, 0, 0, 0, 0, 0, 0, 0.9)).values
  expect(value).toBeLessThan(0.03)
})

it('leaves alone what no row tells of', () => {
  const { values } = fitRegularised({
    unknowns: [unknown, { ...unknown, start: 0.4 }],
    errors: ([at = 0]) => [at - 0.2, at - 0.2],
  })
  expect(values[1]).toBeCloseTo(0.4, 9)
})

it('keeps within its bounds, and gives the same again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 12 }),
      (values) => {
        const found = fitRegularised(saying(...values))
        expect(Math.abs(found.values[0] ?? NaN)).toBeLessThanOrEqual(1)
        expect(fitRegularised(saying(...values))).toEqual(found)
      },
    ),
    { numRuns: 50, seed: 1 },
  )
})
