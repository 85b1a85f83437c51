import { LogHistogram } from '@llmsim/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PrefixPaths } from './prefix-paths.js'
import { PromptContents } from './prompt-contents.js'
import { RequestTable } from './request-table.js'
import { WindowedKvBlocks } from './windowed-kv-blocks.js'
import { WindowedPrefixCache } from './windowed-prefix-cache.js'

const windowed = {
  tokens: 8,
  kind: 'sliding',
  fullGroups: 1,
  windowedGroups: 2,
  chunkTokens: Infinity,
} as const

/** A cache of blocks of four tokens, and what requests do with it. */
class Prompts {
  readonly kv: WindowedKvBlocks
  readonly cache: WindowedPrefixCache
  readonly #table = new RequestTable(16)
  readonly #contents = new PromptContents()
  readonly #paths = new PrefixPaths()

  constructor(total: number, kind: 'sliding' | 'chunked' = 'sliding') {
    this.kv = new WindowedKvBlocks(4, total, 0, { ...windowed, kind }, true)
    const parts = {
      contents: this.#contents,
      paths: this.#paths,
      hitRates: new LogHistogram(),
      reads: undefined,
      windowStart: 0,
      windowEnd: Infinity,
    }
    this.cache = new WindowedPrefixCache(this.kv, this.#table, parts, true, 0)
  }

  /** A new request, whose prompt has these blocks and one token more. */
  open(slot: number, ids: readonly number[]): void {
    const promptTokens = 4 * ids.length + 1
    this.#contents.open(slot, {
      arrivalSeconds: 0,
      promptTokens,
      outputTokens: 1,
      sessionId: -1,
      priority: 0,
      promptBlocks: { ids, count: ids.length, blockTokens: 4 },
    })
    this.#paths.open(slot)
    this.#table.prefillTarget[slot] = promptTokens
    this.#table.preemptions[slot] = 0
  }

  /** Blocks that it would find. */
  found(slot: number, ids: readonly number[]): number {
    this.open(slot, ids)
    this.cache.look(slot)
    return this.cache.found
  }

  /** Admits it and computes its prompt; returns the blocks that it found. */
  compute(slot: number, ids: readonly number[]): number {
    this.open(slot, ids)
    const { cache, kv } = this
    const table = this.#table
    const tokens = table.prefillTarget[slot]!
    cache.settle(kv.used)
    cache.look(slot)
    const asked = kv.blocksFor(tokens) - cache.foundHeld
    const before = kv.used
    const found = cache.acquire(slot, ids.length)
    const blocks = cache.reservedFor(slot, tokens)
    kv.allocate(blocks - cache.unitsOf(slot))
    table.blocks[slot] = blocks
    // What a scheduler is told is what it takes.
    expect(kv.used - before).toBe(asked)
    cache.settle(kv.used)
    cache.commit(slot, tokens, kv.used)
    cache.settlePrompt(slot, tokens)
    expect(table.blocks[slot]).toBe(kv.heldBy(tokens))
    return found
  }

  finish(slot: number): void {
    const table = this.#table
    this.cache.release(slot, table.prefillTarget[slot]!, table.blocks[slot]!, true, this.kv.used)
    this.#contents.close(slot)
  }

  /** KV blocks that requests hold, one by one, shared ones once. */
  held(slots: Iterable<number>): number {
    const nodes = new Set<number>()
    let held = 0
    for (const slot of slots)
      held += this.#table.blocks[slot]! - this.cache.countedBlocks(slot, nodes)
    return held
  }
}

const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const first = (count: number): number[] => [...ten.slice(0, count), -1]

describe('a prefix cache of layers with a window', () => {
  it('keeps what the window has left, and finds a prompt up to any of it', () => {
    const prompts = new Prompts(1000)
    expect(prompts.compute(0, ten)).toBe(0)
    // 11 blocks of the full group, and 3 of each of two; 8 that their windows have left.
    expect([prompts.kv.used, prompts.cache.kept]).toEqual([11 + 2 * 3, 2 * 8])
    for (const count of [0, 1, 6, 9]) expect(prompts.found(1, first(count))).toBe(count)
    expect(prompts.found(1, ten)).toBe(10)
  })

  it('finds none up to where a window is gone, and what lies before and behind that', () => {
    const prompts = new Prompts(1000)
    prompts.compute(0, ten)
    const { cache, kv } = prompts
    // Two more blocks in use than there is room for: the last of those kept goes, of two groups.
    cache.settle(kv.total - cache.kept + 2)
    expect(cache.kept).toBe(2 * 7)
    // Blocks 8 and 9 are in the window of the one that runs, 7 is gone: 9 blocks need 7 and 8, 8 need 6 and 7.
    const found = [5, 6, 7, 8, 9, 10].map((count) => prompts.found(1, first(count)))
    expect(found).toEqual([5, 6, 7, 7, 7, 10])
  })

  it('shares the blocks of a window, and counts them once', () => {
    const prompts = new Prompts(1000)
    prompts.compute(0, ten)
    const alone = prompts.kv.used
    expect(prompts.compute(1, [...ten, 11])).toBe(10)
    // A block more in all groups, and the last one of each.
    expect(prompts.kv.used - alone).toBe(2 + 2 * 2)
    prompts.finish(0)
    prompts.finish(1)
    expect(prompts.kv.used).toBe(0)
  })

  it('needs a chunk from its beginning, and nothing of it at its end', () => {
    const prompts = new Prompts(1000, 'chunked')
    prompts.compute(0, ten)
    const { cache, kv } = prompts
    expect(prompts.found(1, first(5))).toBe(5)
    // All that is kept goes: chunks of two blocks that are full are not needed, one that has begun is.
    cache.settle(kv.total)
    expect(cache.kept).toBe(0)
    expect([4, 5, 6, 7].map((count) => prompts.found(1, first(count)))).toEqual([4, 4, 6, 6])
  })

  it('has in use what requests hold, whatever they share and whatever goes', () => {
    const act = fc.record({
      slot: fc.nat(5),
      ids: fc.array(fc.constantFrom(1, 1, 2), { minLength: 1, maxLength: 14 }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom('sliding' as const, 'chunked' as const),
        fc.constantFrom(60, 120, 1000),
        fc.array(act, { minLength: 5, maxLength: 60, size: 'max' }),
        (kind, total, acts) => {
          const prompts = new Prompts(total, kind)
          const { cache, kv } = prompts
          const running = new Set<number>()
          for (const { slot, ids } of acts) {
            if (running.delete(slot)) prompts.finish(slot)
            else if (kv.used + kv.blocksFor(4 * ids.length + 1) <= total) {
              prompts.compute(slot, ids)
              running.add(slot)
            }
            cache.settle(kv.used)
            expect(kv.used).toBe(prompts.held(running))
            expect(kv.used + cache.kept).toBeLessThanOrEqual(total)
            expect(cache.kept).toBeGreaterThanOrEqual(0)
          }
          for (const slot of running) prompts.finish(slot)
          expect(kv.used).toBe(0)
        },
      ),
      { seed: 1, numRuns: 200 },
    )
  })
})
