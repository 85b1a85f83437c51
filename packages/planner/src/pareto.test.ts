import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dominates, paretoFrontier, paretoRanks } from './index.js'

const points = fc
  .integer({ min: 1, max: 4 })
  .chain((objectives) =>
    fc.array(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: objectives, maxLength: objectives }),
      { maxLength: 60 },
    ),
  )

describe('the Pareto frontier', () => {
  it('is what brute force finds', () => {
    fc.assert(
      fc.property(points, (all) => {
        const brute = all.flatMap((point, index) =>
          all.some((other) => dominates(other, point)) ? [] : [index],
        )
        expect(paretoFrontier(all)).toEqual(brute)
      }),
    )
  })

  it('ranks points as peeling one frontier after another does', () => {
    fc.assert(
      fc.property(points, (all) => {
        const expected = all.map(() => -1)
        for (let rank = 0; expected.includes(-1); rank++) {
          const left = all.flatMap((_, index) => (expected[index] === -1 ? [index] : []))
          const front = left.filter(
            (index) => !left.some((other) => dominates(all[other] ?? [], all[index] ?? [])),
          )
          for (const index of front) expected[index] = rank
        }
        expect(paretoRanks(all)).toEqual(expected)
      }),
    )
  })

  it('keeps equal points', () => {
    expect(
      paretoFrontier([
        [1, 2],
        [1, 2],
        [2, 2],
      ]),
    ).toEqual([0, 1])
  })
})
