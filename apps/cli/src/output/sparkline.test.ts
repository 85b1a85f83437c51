import { expect, it } from 'vitest'
import { sparkline } from './sparkline.js'

it('has a bar for each value, from nothing to the most', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 20)).toBe('▁▂▃▄▅▆▇█')
})

it('takes the mean of a stretch where there are more values than columns', () => {
  expect(sparkline([0, 0, 3, 11, 14, 14], 3)).toBe('▁▅█')
})

it('is flat of nothing, and empty of none', () => {
  expect(sparkline([0, 0, 0], 9)).toBe('▁▁▁')
  expect(sparkline([], 9)).toBe('')
})
