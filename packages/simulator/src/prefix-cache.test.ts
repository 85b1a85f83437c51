/** The prefix cache beside a model of single blocks in sets and lists, over random histories. */
import fc from 'fast-check'
import { LogHistogram } from '@llmsim/engine'
import { describe, expect, it } from 'vitest'
import { KvBlocks } from './kv-blocks.js'
import { PrefixCache } from './prefix-cache.js'
import { PrefixPaths } from './prefix-paths.js'
import { PromptContents } from './prompt-contents.js'
import { RequestTable } from './request-table.js'

interface Prompt {
  readonly ids: readonly number[]
  readonly blockTokens: number
  readonly promptTokens: number
  readonly outputTokens: number
  readonly sessionId: number
}

/** Blocks by all that stands in them and before them. */
class BlockModel {
  used = 0
  evicted = 0
  /** Holders of each block that is there. */
  readonly holders = new Map<string, number>()
  /** Blocks that nobody holds, the one that goes next first. */
  readonly unheld: string[] = []
  readonly paths = new Map<number, string[]>()

  constructor(
    readonly total: number,
    readonly keysOf: (slot: number) => readonly string[],
    readonly sharable: (slot: number) => number,
  ) {}

  settle(): void {
    while (this.used + this.unheld.length > this.total && this.unheld.length > 0) {
      this.holders.delete(this.unheld.shift()!)
      this.evicted++
    }
  }

  find(slot: number, most: number): { found: number; held: number } {
    const keys = this.keysOf(slot)
    let found = 0
    let held = 0
    while (found < most && this.holders.has(keys[found]!)) {
      if (this.holders.get(keys[found]!)! > 0) held++
      found++
    }
    return { found, held }
  }

  acquire(slot: number, most: number): number {
    const { found } = this.find(slot, most)
    const path = this.keysOf(slot).slice(0, found)
    for (const key of path) this.hold(key)
    this.paths.set(slot, path)
    return found
  }

  /** Returns the blocks that were there already. */
  commit(slot: number, full: number): number {
    const path = this.paths.get(slot)!
    let twice = 0
    for (const key of this.keysOf(slot).slice(path.length, full)) {
      const before = this.holders.get(key)
      if (before !== undefined && before > 0) twice++
      // Its own block takes the place of one that nobody holds: as many are in use as before.
      if (before === 0) this.used--
      this.hold(key)
      path.push(key)
    }
    this.used -= twice
    return twice
  }

  release(slot: number, full: number, blocks: number): void {
    this.commit(slot, full)
    const path = this.paths.get(slot)!
    this.used -= blocks - path.length
    for (const key of path.reverse()) {
      const left = this.holders.get(key)! - 1
      this.holders.set(key, left)
      if (left > 0) continue
      this.unheld.push(key)
      this.used--
    }
    this.paths.delete(slot)
  }

  private hold(key: string): void {
    const before = this.holders.get(key)
    this.holders.set(key, (before ?? 0) + 1)
    if (before !== 0) return
    this.unheld.splice(this.unheld.indexOf(key), 1)
    this.used++
  }
}

/** What each block of a request holds, with all before it. */
function keysOf(prompt: Prompt, size: number, own: string, count: number): string[] {
  const { ids, blockTokens, promptTokens } = prompt
  const covered = Math.min(promptTokens, ids.length * blockTokens)
  const keys: string[] = []
  let before = ''
  for (let block = 0; block < count; block++) {
    const end = (block + 1) * size
    const units =
      end <= covered
        ? ids.slice(Math.ceil((block * size) / blockTokens), Math.ceil(end / blockTokens))
        : []
    // A block within an id that began before it goes on with that id.
    before += `|${end <= covered ? units.join() : own} to ${end}`
    keys.push(before)
  }
  return keys
}

/** Prompts of one trace: their blocks are of one size. */
const traces = fc.constantFrom(1, 3, 4, 8, 10, 100).chain((blockTokens) =>
  fc.array(
    fc.record({
      ids: fc.array(fc.constantFrom(-1, -1, 2 ** 40), { minLength: 1, maxLength: 40 }),
      blockTokens: fc.constant(blockTokens),
      promptTokens: fc.integer({ min: 1, max: 40 }),
      outputTokens: fc.integer({ min: 1, max: 10 }),
      sessionId: fc.constant(-1),
    }),
    { minLength: 6, maxLength: 40, size: 'max' },
  ),
)
const acts = fc.record({
  slot: fc.nat({ max: 5 }),
  kind: fc.constantFrom('admit', 'compute', 'compute', 'preempt', 'finish'),
  tokens: fc.integer({ min: 1, max: 40 }),
})

describe('PrefixCache', () => {
  it('holds, finds and lets go the same blocks as a model of single ones', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3, 4, 8),
        fc.constantFrom(12, 40, 100, 1000),
        traces,
        fc.array(acts, { minLength: 20, maxLength: 200, size: 'max' }),
        history,
      ),
      { numRuns: 100 },
    )
  })

  it('starts a session anew when its prompt no longer holds what came before', () => {
    const { cache, contents, paths, table, kv } = parts(4, 100)
    const turn = (slot: number, promptTokens: number, outputTokens: number): number => {
      open(table, contents, paths, slot, {
        ids: [],
        blockTokens: 1,
        promptTokens,
        outputTokens,
        sessionId: 7,
      })
      cache.look(slot)
      const { found } = cache
      cache.acquire(slot, found)
      const blocks = kv.blocksFor(promptTokens + outputTokens - 1)
      kv.allocate(blocks - found)
      cache.release(slot, promptTokens + outputTokens - 1, blocks, true, kv.used)
      return found
    }
    expect(turn(0, 16, 9)).toBe(0)
    // 24 tokens of prompt and answer have been computed: 6 blocks.
    expect(turn(0, 40, 9)).toBe(6)
    expect(turn(0, 40, 9)).toBe(0)
    expect(kv.used).toBe(0)
  })
})

function parts(size: number, total: number) {
  const kv = new KvBlocks(size, total)
  const table = new RequestTable(8)
  const contents = new PromptContents()
  const paths = new PrefixPaths()
  const hitRates = new LogHistogram()
  const shared = {
    contents,
    paths,
    hitRates,
    reads: undefined,
    windowStart: 0,
    windowEnd: Infinity,
  }
  return { kv, table, contents, paths, cache: new PrefixCache(kv, table, shared, true, 0) }
}

function open(
  table: RequestTable,
  contents: PromptContents,
  paths: PrefixPaths,
  slot: number,
  prompt: Prompt,
): void {
  const { ids, blockTokens, promptTokens, outputTokens, sessionId } = prompt
  contents.open(slot, {
    arrivalSeconds: 0,
    promptTokens,
    outputTokens,
    sessionId,
    priority: 0,
    promptBlocks: { ids, count: ids.length, blockTokens },
  })
  paths.open(slot)
  table.prefillTarget[slot] = promptTokens
  table.preemptions[slot] = 0
}

/** Runs a history on both, and compares them after each act. */
function history(
  size: number,
  total: number,
  sequence: readonly Prompt[],
  list: readonly { slot: number; kind: string; tokens: number }[],
): void {
  const { kv, table, contents, paths, cache } = parts(size, total)
  const prompts = sequence.slice(0, 6)
  let next = 6
  const names = prompts.map((_, i) => `own ${i}`)
  const running = new Map<number, { computed: number; blocks: number }>()
  const keys = (slot: number): string[] => keysOf(prompts[slot]!, size, names[slot]!, 60)
  const sharable = (slot: number): number => {
    const { ids, blockTokens, promptTokens } = prompts[slot]!
    return Math.floor(Math.min(promptTokens, ids.length * blockTokens) / size)
  }
  const model = new BlockModel(total, keys, sharable)
  prompts.forEach((prompt, slot) => {
    open(table, contents, paths, slot, prompt)
  })
  for (const { slot, kind, tokens } of list) {
    const prompt = prompts[slot]!
    const run = running.get(slot)
    const target = table.prefillTarget[slot]!
    if (kind === 'admit' && run === undefined) {
      const most = Math.floor((target - 1) / size)
      cache.settle(kv.used)
      model.settle()
      const { found, held } = model.find(slot, most)
      const blocks = kv.blocksFor(target)
      if (kv.used + blocks - held > total) continue
      const hit = cache.acquire(slot, most)
      expect(hit).toBe(model.acquire(slot, most))
      expect(hit).toBe(found)
      kv.allocate(blocks - hit)
      model.used += blocks - hit
      running.set(slot, { computed: hit * size, blocks })
    } else if (kind === 'compute' && run !== undefined && run.computed < target) {
      run.computed = Math.min(target, run.computed + tokens)
      model.settle()
      const full = Math.min(Math.floor(run.computed / size), sharable(slot))
      const twice = model.commit(slot, full)
      expect(cache.commit(slot, run.computed, kv.used)).toBe(twice)
    } else if ((kind === 'preempt' || kind === 'finish') && run !== undefined) {
      const done = kind === 'finish' && run.computed === target
      const grown = done ? prompt.outputTokens - 1 : 0
      const blocks = kv.blocksFor(target + grown)
      if (kv.used + blocks - run.blocks > total) continue
      kv.allocate(blocks - run.blocks)
      model.used += blocks - run.blocks
      model.settle()
      model.release(slot, Math.floor((run.computed + grown) / size), blocks)
      cache.release(slot, run.computed + grown, blocks, done, kv.used)
      running.delete(slot)
      if (done) {
        contents.close(slot)
        names[slot] = `own ${next}`
        prompts[slot] = sequence[next++ % sequence.length]!
        open(table, contents, paths, slot, prompts[slot])
      } else table.preemptions[slot] = 1
    }
    cache.settle(kv.used)
    model.settle()
    compare()
  }

  function compare(): void {
    expect(kv.used).toBe(model.used)
    expect(cache.kept).toBe(model.unheld.length)
    expect(cache.evicted).toBe(model.evicted)
    for (let slot = 0; slot < 6; slot++) {
      const most = Math.floor((table.prefillTarget[slot]! - 1) / size)
      const { found, held } = model.find(slot, most)
      cache.look(slot)
      expect([cache.found, cache.foundHeld]).toEqual([found, held])
      if (!running.has(slot)) continue
      const shared = model.paths.get(slot)!.filter((key) => model.holders.get(key)! > 1)
      expect(cache.sharedBlocks(slot)).toBe(shared.length)
    }
  }
}

it('leaves a token to compute of a request that starts over, with fewer tokens than when it was looked up', () => {
  const table = new RequestTable(4)
  const parts = {
    contents: new PromptContents(),
    paths: new PrefixPaths(),
    hitRates: new LogHistogram(),
    reads: undefined,
    windowStart: 0,
    windowEnd: Infinity,
  }
  table.prefix = parts
  const kv = new KvBlocks(16, 100)
  const cache = new PrefixCache(kv, table, parts, true, 0)
  const draft = {
    arrivalSeconds: 0,
    promptTokens: 48,
    outputTokens: 9,
    sessionId: -1,
    priority: 0,
    promptBlocks: { ids: [7], count: 1, blockTokens: 48 },
  }
  const first = table.open(draft)
  kv.allocate(3)
  cache.release(first, 48, 3, true, 3)
  const again = table.open(draft)
  // It had generated a token when it was preempted.
  table.prefillTarget[again] = 49
  cache.look(again)
  expect(cache.found).toBe(3)
  table.startOver(again)
  cache.look(again)
  expect(cache.found).toBe(2)
})
