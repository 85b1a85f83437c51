import { expect, it } from 'vitest'
import { errorStatistics, quantile } from './error-statistics.js'

it('takes the median and the 90th percentile of absolute errors, and the median of signed ones', () => {
  // Absolute and in order: 0.1 0.2 0.3 0.4 1; signed: -0.4 -0.2 0.1 0.3 1.
  const statistics = errorStatistics([0.1, -0.2, 0.3, -0.4, 1])
  expect(statistics?.count).toBe(5)
  expect(statistics?.median_absolute_percent).toBeCloseTo(30, 12)
  // At 0.9 * 4 = 3.6, so 0.4 + 0.6 * 0.6.
  expect(statistics?.p90_absolute_percent).toBeCloseTo(76, 12)
  expect(statistics?.bias_percent).toBeCloseTo(10, 12)
})

it('has nothing to say of no errors', () => {
  expect(errorStatistics([])).toBeUndefined()
})

it('draws a line between neighbours', () => {
  expect(quantile([3, 1], 0.5)).toBe(2)
  expect(quantile([7], 0.9)).toBe(7)
})
