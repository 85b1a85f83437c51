import { expect, it } from 'vitest'
import { ksDistance } from './latency-check.js'

it('measures the largest distance of two cumulative distributions', () => {
  // Against the uniform distribution on [0, 4]: 0.25 lies below, at 1 already 1/4 is reached.
  const uniform = (value: number) => Math.min(1, Math.max(0, value / 4))
  expect(ksDistance([1, 2, 3, 4], uniform)).toBeCloseTo(0.25, 9)
  expect(ksDistance([10, 11], uniform)).toBeCloseTo(1, 9)
})

it('is 0 against its own steps', () => {
  const sample = [1, 2, 2, 5]
  const own = (value: number) => sample.filter((each) => each <= value).length / sample.length
  expect(ksDistance(sample, own)).toBe(0)
})
