import { expect, test } from 'vitest'
import { zipfExponent } from './zipf-exponent.js'

function exactMean(n: number, exponent: number): number {
  let above = 0
  let below = 0
  for (let k = 1; k <= n; k++) {
    above += k ** (1 - exponent)
    below += k ** -exponent
  }
  return above / below
}

test.each([
  [10, 2],
  [64, 30],
  [65, 30],
  [1000, 2],
  [1000, 499],
  [100_000, 50],
  [100_000, 49_000],
  [1_000_000, 3],
])('up to %d, its distribution has a mean of %d', (n, mean) => {
  expect(exactMean(n, zipfExponent(n, mean)) / mean).toBeCloseTo(1, 9)
})

test('the middle of the range needs exponent 0', () => {
  expect(zipfExponent(100, 50.5)).toBeLessThan(1e-12)
})
