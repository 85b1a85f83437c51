import type { WindowedKv } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LaneView } from './lane-view.js'
import type { Lane } from './lane.js'
import { DECODING, PAUSED, RequestTable } from './request-table.js'
import { tokensSeen, WindowedKvBlocks } from './windowed-kv-blocks.js'
import { laneOf } from './windowed-lane.js'
import { WorkSampler } from './work-sampler.js'

function blocksOf(size: number, windowed: WindowedKv): WindowedKvBlocks {
  return new WindowedKvBlocks(size, 1e9, 0, windowed)
}

/** Blocks of one windowed group that hold what the next token sees besides itself, as vLLM frees them. */
function needed({ tokens: reach, kind }: WindowedKv, size: number, tokens: number): number {
  const skipped =
    kind === 'chunked' ? Math.floor(tokens / reach) * reach : Math.max(0, tokens - reach + 1)
  return Math.ceil(tokens / size) - Math.floor(skipped / size)
}

const groups = fc
  .tuple(
    fc.constantFrom(1, 2, 3, 16),
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom('sliding' as const, 'chunked' as const),
    fc.nat(2),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([size, tokens, kind, fullGroups, windowedGroups]) => ({
    size,
    windowed: {
      tokens: kind === 'chunked' ? tokens * size : tokens,
      kind,
      fullGroups,
      windowedGroups,
      chunkTokens: 7,
    },
  }))

describe('KV blocks of layers with a window', () => {
  it('are those that the next token sees, and at most one more of a sliding window', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 1, max: 300 }), ({ size, windowed }, tokens) => {
        const kv = blocksOf(size, windowed)
        const { fullGroups, windowedGroups, kind } = windowed
        const seen = (kv.heldBy(tokens) - fullGroups * Math.ceil(tokens / size)) / windowedGroups
        const least = needed(windowed, size, tokens)
        expect(seen).toBeGreaterThanOrEqual(least)
        expect(seen).toBeLessThanOrEqual(kind === 'chunked' ? least : least + 1)
        expect(seen * size).toBeGreaterThanOrEqual(tokensSeen(windowed, tokens))
        // What one step adds, unless a chunk is full by then.
        if (kind === 'sliding' || (tokens + 1) % windowed.tokens !== 0)
          expect(kv.heldBy(tokens + 1) - kv.heldBy(tokens)).toBe(kv.growthAt(tokens))
        // A prompt takes no less, and never more than it has blocks.
        expect(kv.blocksFor(tokens)).toBeGreaterThanOrEqual(kv.mostHeldBy(tokens))
        expect(kv.mostHeldBy(tokens)).toBeGreaterThanOrEqual(kv.heldBy(tokens))
        expect(kv.blocksFor(tokens)).toBeLessThanOrEqual(kv.mostGrowth * Math.ceil(tokens / size))
      }),
      { seed: 1, numRuns: 2000 },
    )
  })

  it('follow the published sizes of one model', () => {
    // Gemma 3 27B: 10 layers with the whole context in one group, 52 with 1024 tokens in six.
    const kv = blocksOf(16, {
      tokens: 1024,
      kind: 'sliding',
      fullGroups: 1,
      windowedGroups: 6,
      chunkTokens: 8192,
    })
    expect(kv.heldBy(800)).toBe(7 * 50)
    expect(kv.heldBy(16_000)).toBe(1000 + 6 * 65)
    // ceil((1023 + 8192) / 16) + 1
    expect(kv.blocksFor(16_000)).toBe(1000 + 6 * 577)
    expect([1039, 1040, 1056].map((tokens) => kv.growthAt(tokens))).toEqual([0, 1, 1])
    expect([16, 1024].map((tokens) => kv.growthAt(tokens))).toEqual([7, 7])
  })
})

const decoder = fc.record({
  kvTokens: fc.integer({ min: 1, max: 100 }),
  joins: fc.nat(60),
  stays: fc.integer({ min: 1, max: 90 }),
})

function laneOn(kv: WindowedKvBlocks): Lane {
  return laneOf({
    id: 0,
    replica: 0,
    kv,
    cache: undefined,
    adapters: undefined,
    table: new RequestTable(4),
    scheduler: { name: 'none', plan: () => {} },
    swap: undefined,
    work: new WorkSampler(0, Infinity, 4),
    windows: undefined,
    createView: (made) => new LaneView(made, 'mixed'),
  })
}

function opened(lane: Lane, promptTokens: number, outputTokens: number): number {
  const { table } = lane
  const draft = { arrivalSeconds: 0, promptTokens, outputTokens, sessionId: -1, priority: 0 }
  const slot = table.open(draft)
  table.generated[slot] = 1
  return slot
}

describe('a batch of a model with windowed layers', () => {
  it('has in use what its requests hold, however far a run of steps goes', () => {
    fc.assert(
      fc.property(
        groups,
        fc.array(decoder, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(1, 3, 50, Infinity),
        ({ size, windowed }, decoders, most) => {
          const kv = blocksOf(size, windowed)
          const lane = laneOn(kv)
          const slots = decoders.map(({ kvTokens }) => opened(lane, kvTokens, 1e6))
          const ends = decoders.map(({ joins, stays }) => joins + stays)
          const times = [...new Set([...decoders.map(({ joins }) => joins), ...ends])]
          for (const time of times.sort((a, b) => a - b)) {
            while (lane.counter < time && lane.decoders.size > 0) {
              const limit = Math.min(most, time - lane.counter)
              const steps = Math.max(1, lane.stepsWithin(Infinity, limit))
              const before = kv.used
              const grown = [1, steps].map((to) => lane.blocksGrown(0, to))
              expect(grown[0]).toBe(lane.firstStepBlocks)
              kv.allocate(lane.firstStepBlocks)
              lane.segment.begin(lane, { seconds: 1, growth: 0, horizon: Infinity })
              lane.segment.resize(steps)
              kv.allocate(lane.laterStepsBlocks)
              expect(kv.used).toBe(before + grown[1]!)
              const full = kv.used
              expect(lane.advance()).toBe(kv.used < full)
              const decoding = slots.filter((slot) => lane.table.stage[slot] === DECODING)
              expect(kv.used).toBe(decoding.reduce((sum, slot) => sum + lane.heldBlocks(slot), 0))
            }
            lane.counter = Math.max(lane.counter, time)
            decoders.forEach(({ joins, kvTokens }, i) => {
              const slot = slots[i]!
              if (ends[i] === time) {
                lane.leave(slot)
                kv.allocate(-lane.table.blocks[slot]!)
                lane.table.stage[slot] = PAUSED
              }
              if (joins === time) {
                kv.allocate(kv.heldBy(kvTokens))
                lane.join(slot, kvTokens)
              }
            })
          }
          expect(kv.used).toBe(0)
        },
      ),
      { seed: 1, numRuns: 500 },
    )
  })

  it('takes as many steps as free blocks and the next change of a window allow', () => {
    const windowed = { tokens: 9, kind: 'sliding', chunkTokens: 16 } as const
    const kv = blocksOf(4, { ...windowed, fullGroups: 1, windowedGroups: 2 })
    const lane = laneOn(kv)
    lane.join(opened(lane, 3, 100), 3)
    // Blocks of 4 for 3 tokens: the next one comes with the second step, three of them, one of each group.
    expect(lane.stepsWithin(2, 100)).toBe(1)
    expect(lane.stepsWithin(3, 100)).toBe(5)
    // Three blocks of 4 hold a window of 9 wherever it lies: at 12 tokens no group with a window grows any more.
    expect(lane.stepsWithin(100, 100)).toBe(9)
    lane.segment.begin(lane, { seconds: 1, growth: 0, horizon: Infinity })
    lane.segment.resize(9)
    lane.advance()
    expect(lane.stepsWithin(100, 10_000)).toBe(400)
    expect(lane.firstStepBlocks).toBe(1)
  })
})
