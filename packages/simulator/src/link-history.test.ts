import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LinkHistory } from './link-history.js'

const CAPACITIES = [4, 10, 7]

it('lends no more of a link than was free, whoever asks, and all of it to one who asks alone', () => {
  const history = new LinkHistory(3)
  history.advance(10, (link) => (link === 0 ? 1 : 0))
  const capacity = (link: number): number => CAPACITIES[link]!
  // 3 of 4 bytes per second were free for 5 seconds.
  expect(history.lend([0, 1], 5, 12, capacity)).toBe(12)
  expect(history.lend([0, 1], 5, 12, capacity)).toBe(3)
  expect(history.lend([0, 1], 5, 12, capacity)).toBe(0)
  // The other link has 35 of 50 left.
  expect(history.lend([1], 5, 50, capacity)).toBe(35)
  history.advance(11, () => 4)
  expect(history.lend([0], 10, 4, capacity)).toBe(0)
  expect(history.lend([1], 10, 20, capacity)).toBe(6)
})

it('never lets more over a link than its bandwidth allows', () => {
  const action = fc.record({
    seconds: fc.double({ min: 0, max: 5, noNaN: true }),
    loads: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    path: fc.subarray([0, 1, 2], { minLength: 1 }),
    back: fc.double({ min: 0, max: 3, noNaN: true }),
    bytes: fc.double({ min: 0, max: 40, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 200 }), (actions) => {
      const history = new LinkHistory(3)
      const gone = [0, 0, 0]
      let now = 0
      for (const { seconds, loads, path, back, bytes } of actions) {
        now += seconds
        const load = (link: number): number => loads[link]! * CAPACITIES[link]!
        history.advance(now, load)
        for (const link of [0, 1, 2]) gone[link] = gone[link]! + load(link) * seconds
        const lent = history.lend(path, Math.max(0, now - back), bytes, (link) => CAPACITIES[link]!)
        expect(lent).toBeLessThanOrEqual(bytes)
        for (const link of path) gone[link] = gone[link]! + lent
        for (const link of [0, 1, 2])
          expect(gone[link]).toBeLessThanOrEqual(CAPACITIES[link]! * now * (1 + 1e-9) + 1e-9)
      }
    }),
    { seed: 1, numRuns: 300 },
  )
})
