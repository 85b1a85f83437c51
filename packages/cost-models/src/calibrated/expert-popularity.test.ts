import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectedExperts } from '../layer-operators.js'
import { visitedExperts } from './expert-popularity.js'

describe('visited experts', () => {
  it('are those of even routing without a spread', () => {
    for (const tokens of [0, 1, 7, 300])
      expect(visitedExperts(128, 4, tokens, 0)).toBeCloseTo(expectedExperts(128, 4, tokens), 9)
  })

  it('are the sum over experts whose shares lie evenly', () => {
    const average = 8 / 256
    const count = 200_000
    for (const tokens of [1, 10, 100]) {
      let left = 0
      for (let i = 0; i < count; i++)
        left += Math.pow(1 - average * (2 * ((i + 0.5) / count)), tokens) / count
      expect(visitedExperts(256, 8, tokens, 1)).toBeCloseTo(256 * (1 - left), 4)
    }
  })

  it('are k for one token, grow with tokens, and are fewer the less even', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 512 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(5000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (experts, share, tokens, spread) => {
          const k = Math.max(1, Math.min(experts, Math.round(share * experts)))
          const visited = visitedExperts(experts, k, tokens, spread)
          expect(visitedExperts(experts, k, 1, spread)).toBeCloseTo(k, 6)
          expect(visitedExperts(experts, k, tokens + 1, spread)).toBeGreaterThanOrEqual(
            visited - 1e-6,
          )
          expect(visited).toBeLessThanOrEqual(expectedExperts(experts, k, tokens) + 1e-6)
        },
      ),
    )
  })
})
