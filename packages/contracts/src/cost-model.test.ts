import { describe, expect, it } from 'vitest'
import { causalPairs, seenPairs, seenTokens } from './cost-model.js'

describe.each(['sliding', 'chunked'] as const)('a %s window', (kind) => {
  it.each([1, 4, 7])('of %i tokens adds up what each position sees', (tokens) => {
    const reach = { tokens, kind }
    for (let context = 0; context < 20; context++) {
      let pairs = 0
      for (let count = 1; count <= 20; count++) {
        pairs += seenTokens(reach, context + count)
        expect(seenPairs(reach, count, context)).toBe(pairs)
      }
    }
  })

  it('that nothing leaves sees all', () => {
    const reach = { tokens: 100, kind }
    expect(seenTokens(reach, 37)).toBe(37)
    expect(seenPairs(reach, 30, 7)).toBe(causalPairs(30, 7))
  })
})

it('slides, or begins anew', () => {
  const at = (kind: 'sliding' | 'chunked'): number[] =>
    [3, 4, 5, 8, 9].map((context) => seenTokens({ tokens: 4, kind }, context))
  expect(at('sliding')).toEqual([3, 4, 4, 4, 4])
  expect(at('chunked')).toEqual([3, 4, 1, 4, 1])
})
