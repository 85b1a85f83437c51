import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KvBlocks } from './kv-blocks.js'
import { Lane } from './lane.js'
import { LaneView } from './lane-view.js'
import { RequestTable } from './request-table.js'
import { WorkSampler } from './work-sampler.js'

interface Decoder {
  readonly kvTokens: number
  readonly output: number
}

/** A lane of blocks of a size whose decoders have joined, and their slots. */
function laneWith(size: number, decoders: readonly Decoder[]): { lane: Lane; slots: number[] } {
  const table = new RequestTable(4)
  const lane = new Lane({
    id: 0,
    replica: 0,
    kv: new KvBlocks(size, 1e9),
    cache: undefined,
    adapters: undefined,
    table,
    scheduler: { name: 'none', plan: () => {} },
    swap: undefined,
    work: new WorkSampler(0, Infinity, 4),
    windows: undefined,
    createView: (made) => new LaneView(made, 'mixed'),
  })
  const slots = decoders.map(({ kvTokens, output }) => {
    const slot = table.open({
      arrivalSeconds: 0,
      promptTokens: kvTokens,
      outputTokens: output,
      sessionId: -1,
      priority: 0,
    })
    table.generated[slot] = 1
    lane.join(slot, kvTokens)
    return slot
  })
  return { lane, slots }
}

/** The lane makes so many decode steps. */
function run(lane: Lane, steps: number): void {
  lane.segment.begin(lane, { seconds: 1, growth: 0, horizon: Infinity })
  lane.segment.resize(steps)
  lane.advance()
}

const decoder = fc.record({
  kvTokens: fc.integer({ min: 1, max: 100 }),
  output: fc.integer({ min: 1000, max: 2000 }),
})
const batch = fc.tuple(
  fc.constantFrom(1, 2, 3, 16, 33),
  fc.array(decoder, { minLength: 1, maxLength: 8 }),
  fc.nat(70),
)

/** Blocks that the decoders hold beyond what they held after `from` more steps. */
function grown(size: number, tokens: readonly number[], from: number, to: number): number {
  const blocks = (count: number): number => Math.ceil(count / size)
  return tokens.reduce((sum, each) => sum + blocks(each + to) - blocks(each + from), 0)
}

describe('Lane', () => {
  it('knows the blocks that any steps to come allocate', () => {
    fc.assert(
      fc.property(batch, fc.nat(40), fc.nat(80), ([size, decoders, before], from, more) => {
        const { lane, slots } = laneWith(size, decoders)
        run(lane, before)
        const tokens = slots.map((slot) => lane.kvTokensOf(slot))
        expect(tokens).toEqual(decoders.map(({ kvTokens }) => kvTokens + before))
        expect(lane.kvTokens).toBe(tokens.reduce((sum, each) => sum + each, 0))
        expect(lane.blocksGrown(from, from + more)).toBe(grown(size, tokens, from, from + more))
        expect(lane.firstStepBlocks).toBe(grown(size, tokens, 0, 1))
        expect(lane.blocksToDecodeAll).toBe(grown(size, tokens, 0, 1))
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  it('knows how many steps some free blocks allow', () => {
    fc.assert(
      fc.property(batch, fc.nat(60), fc.nat(200), ([size, decoders, before], free, limit) => {
        const { lane, slots } = laneWith(size, decoders)
        run(lane, before)
        const tokens = slots.map((slot) => lane.kvTokensOf(slot))
        let steps = 0
        while (steps < limit && grown(size, tokens, 0, steps + 1) <= free) steps++
        expect(lane.stepsWithin(free, limit)).toBe(steps)
      }),
      { seed: 1, numRuns: 1000 },
    )
  })

  it('allows as many steps as the blocks last where the limit is far', () => {
    const { lane } = laneWith(16, [{ kvTokens: 5, output: 9 }])
    const far = 2 ** 31 - 1
    expect(lane.stepsWithin(1, far)).toBe(16 + 11)
    expect(lane.stepsWithin(0, far)).toBe(11)
    expect(lane.stepsWithin(1e8, far)).toBe(11 + 16e8)
  })

  it('keeps the tokens and blocks of a decoder that leaves and joins again', () => {
    const { lane, slots } = laneWith(4, [
      { kvTokens: 3, output: 50 },
      { kvTokens: 8, output: 60 },
    ])
    const [first, second] = slots as [number, number]
    run(lane, 6)
    expect(lane.generatedTokens(first)).toBe(7)
    expect(lane.heldBlocks(first)).toBe(3)
    lane.leave(first)
    expect(lane.table.generated[first]).toBe(7)
    expect(lane.table.blocks[first]).toBe(3)
    expect(lane.kvTokens).toBe(14)
    run(lane, 10)
    expect(lane.kvTokens).toBe(24)
    lane.join(first, 9)
    expect(lane.kvTokens).toBe(33)
    expect(lane.decoders.next).toBe(lane.counter + 43)
    // 9 tokens in 3 blocks of 4 need one at the fourth step; 24 in 6 need one at the first.
    expect([1, 2, 3, 4, 5].map((k) => lane.blocksGrown(k - 1, k))).toEqual([1, 0, 0, 1, 1])
    expect(lane.finishFirst()).toBe(first)
    expect(lane.kvTokens).toBe(24)
    expect(lane.finishFirst()).toBe(second)
  })
})
