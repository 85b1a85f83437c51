import { expect, it } from 'vitest'
import { exposedSeconds } from './transfer-overlap.js'

it('exposes the last layer of a transfer that keeps up with its computation', () => {
  // 32 layers in 320 ms, and a transfer of 160 ms: 5 ms for the last layer.
  expect(exposedSeconds(0.16, 0.32, 32)).toBeCloseTo(0.005, 12)
})

it('exposes what a slower transfer takes beyond the layers after the first one', () => {
  // The first layer is there after 10 ms of 320; the transfer of 500 ms then goes on without a pause.
  expect(exposedSeconds(0.5, 0.32, 32)).toBeCloseTo(0.01 + 0.5 - 0.32, 12)
})

it('exposes all of it with one layer, and no more than all of it', () => {
  expect(exposedSeconds(0.16, 0.32, 1)).toBe(0.16)
  expect(exposedSeconds(0.16, 0, 32)).toBe(0.16)
})
