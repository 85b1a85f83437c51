import { expect, it } from 'vitest'
import { blockCount } from './block-count.js'

it('counts whole blocks as far as whole numbers go', () => {
  expect(blockCount(1.5, 2 ** 30, 'space')).toBe(1)
  expect(blockCount(Infinity, 2 ** 21, 'space')).toBe(Infinity)
  expect(() => blockCount(1e14, 2 ** 21, 'space')).toThrow(
    'space: is 5.12e+16 KV blocks, more than can be counted; given 100000000000000; accepted: at most 1.76e+13',
  )
})
