import type { DeciderView, RoutedRequest } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { deciders } from './index.js'

const request: RoutedRequest = { arrivalSeconds: 0, promptTokens: 0, sessionId: -1, priority: 0 }
const idle: DeciderView = {
  nowSeconds: 0,
  cachedTokens: 0,
  decodeQueued: 0,
  decodeOutstanding: 0,
  usedBlocks: 0,
  totalBlocks: 100,
  prefillReplicas: 2,
  prefillQueued: 0,
  prefillOutstanding: 0,
}

function answer(
  name: string,
  promptTokens: number,
  view: Partial<DeciderView> = {},
  extra: Record<string, unknown> = {},
): string {
  const factory = deciders.find((each) => each.name === name)!
  const decider = factory.create({ random: () => 0, extra })
  expect(decider.name).toBe(name)
  return decider.decide({ ...request, promptTokens }, { ...idle, ...view })
}

describe('the deciders', () => {
  it('each have a name and a description of their own', () => {
    expect(new Set(deciders.map(({ name }) => name)).size).toBe(deciders.length)
    for (const { description } of deciders) expect(description).not.toBe('')
  })

  it('always: a prefill pool, whatever is the case', () => {
    expect(answer('always', 1, { prefillReplicas: 0, prefillQueued: 99 })).toBe('prefill')
  })

  it('prefix-miss: a prefill pool beyond so many tokens that are not cached', () => {
    expect(answer('prefix-miss', 1000)).toBe('decode')
    expect(answer('prefix-miss', 1001)).toBe('prefill')
    expect(answer('prefix-miss', 5000, { cachedTokens: 4000 })).toBe('decode')
    expect(answer('prefix-miss', 5000, { cachedTokens: 3999 })).toBe('prefill')
    expect(answer('prefix-miss', 1, {}, { max_local_prefill_length: 0 })).toBe('prefill')
    expect(answer('prefix-miss', 5000, { prefillReplicas: 0 })).toBe('decode')
  })

  it('load: a prefill pool while fewer than so many wait for each of its replicas', () => {
    expect(answer('load', 1, { prefillQueued: 3 })).toBe('prefill')
    expect(answer('load', 1, { prefillQueued: 4 })).toBe('decode')
    expect(answer('load', 1, { prefillReplicas: 0 })).toBe('decode')
    expect(answer('load', 1, { prefillQueued: 9 }, { max_prefill_queue_size: 5 })).toBe('prefill')
  })

  it('conditional: a prefill pool where both would', () => {
    expect(answer('conditional', 1001, { prefillQueued: 3 })).toBe('prefill')
    expect(answer('conditional', 1000, { prefillQueued: 3 })).toBe('decode')
    expect(answer('conditional', 1001, { prefillQueued: 4 })).toBe('decode')
  })

  it.each([
    [-1, 'is too small'],
    [1.5, 'is not a whole number'],
    [NaN, 'is not a number'],
    ['many', 'is not a number'],
  ])('refuse %s tokens', (given, fault) => {
    expect(() => answer('prefix-miss', 1, {}, { max_local_prefill_length: given })).toThrow(
      `decider.options.max_local_prefill_length: ${fault}`,
    )
  })
})
