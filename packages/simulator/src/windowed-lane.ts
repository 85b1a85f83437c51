import type { Slot } from '@llmsim/contracts'
import { CounterHeap } from './counter-heap.js'
import { Lane, type LaneParts } from './lane.js'
import type { PrefixPaths } from './prefix-paths.js'
import { WindowedKvBlocks } from './windowed-kv-blocks.js'
import { WindowedPrefixCache } from './windowed-prefix-cache.js'

/**
 * The batch of a replica on which some layers keep a window only: its decoders take as many KV blocks at their
 * phase as groups of layers grow, and a run of steps ends where that changes for one of them.
 */
export class WindowedLane extends Lane {
  readonly #blocks: WindowedKvBlocks
  readonly #cache: WindowedPrefixCache | undefined
  readonly #paths: PrefixPaths | undefined
  /** KV blocks that decode steps allocate, by the counter modulo the block size; and over a whole round. */
  readonly #growth: Int32Array
  #round = 0
  #at = 0
  /** Decoders that come to the edge of their window, or to the end of a chunk. */
  readonly #changes = new CounterHeap()

  constructor(parts: LaneParts, blocks: WindowedKvBlocks) {
    super(parts)
    this.#blocks = blocks
    this.#cache = parts.cache instanceof WindowedPrefixCache ? parts.cache : undefined
    this.#paths = this.#cache === undefined ? undefined : parts.table.prefix!.paths
    this.#growth = new Int32Array(blocks.size)
  }

  override join(slot: Slot, kvTokens: number): void {
    super.join(slot, kvTokens)
    this.#count(slot, kvTokens, 1)
    const steps = this.#stepsToChange(slot, kvTokens)
    if (steps > 0) this.#changes.add(slot, this.counter + steps)
  }

  /** Steps until what a request with so many tokens takes changes; 0: never. */
  #stepsToChange(slot: Slot, kvTokens: number): number {
    const { chunked, reach, windowBlocks, size } = this.#blocks
    if (chunked) return reach - (kvTokens % reach)
    // A block that others may hold as well is let go once the one that follows its window is there.
    if (this.#slides(slot))
      return (windowBlocks + this.#paths!.windowFrom[slot]!) * size + 1 - kvTokens
    return Math.max(0, (this.#sharedBlocks(slot) + windowBlocks) * size - kvTokens)
  }

  override leave(slot: Slot): void {
    super.leave(slot)
    this.#forget(slot)
  }

  override finishFirst(): Slot {
    const slot = super.finishFirst()
    this.#forget(slot)
    return slot
  }

  /** A request is no decoder any more. */
  #forget(slot: Slot): void {
    this.#changes.remove(slot)
    this.#count(slot, this.table.kvAtJoin[slot]!, -1)
  }

  override growthOf(slot: Slot): number {
    const kvTokens = this.kvTokensOf(slot)
    return kvTokens % this.#blocks.size === 0 ? this.#growthAt(slot, kvTokens) : 0
  }

  #growthAt(slot: Slot, kvTokens: number): number {
    const { full, mostGrowth } = this.#blocks
    return this.#blocks.grows(kvTokens, this.#sharedBlocks(slot)) ? mostGrowth : full
  }

  /** Blocks at its beginning that a request has in a prefix cache. */
  #sharedBlocks(slot: Slot): number {
    return this.#paths === undefined ? 0 : this.#paths.blocks[slot]!
  }

  /** Counts one decoder with so many tokens, or takes it out of the count. */
  #count(slot: Slot, kvTokens: number, change: 1 | -1): void {
    const { size } = this.#blocks
    const phase = (this.#at + size - (kvTokens % size)) % size
    const blocks = change * this.#growthAt(slot, kvTokens)
    this.#growth[phase] = this.#growth[phase]! + blocks
    this.#round += blocks
  }

  override blocksToPrefill(slot: Slot, tokens: number): number {
    return this.#cache === undefined
      ? this.kv.blocksFor(tokens)
      : this.#cache.reservedFor(slot, tokens)
  }

  override settlePrompt(slot: Slot, kvTokens: number): boolean {
    if (this.#cache !== undefined) return this.#cache.settlePrompt(slot, kvTokens) > 0
    const { table, kv } = this
    const held = kv.heldBy(kvTokens)
    const freed = table.blocks[slot]! - held
    kv.allocate(-freed)
    table.blocks[slot] = held
    return freed > 0
  }

  override advance(): boolean {
    const { steps } = this.segment
    const { size, chunked, windowed } = this.#blocks
    super.advance()
    this.#at = (this.#at + steps) % size
    let freed = 0
    while (this.#changes.next <= this.counter) {
      const slot = this.#changes.pop()
      if (chunked) freed += this.#endChunk(slot)
      else if (this.#slides(slot)) freed += this.#cache!.slide(slot)
      else {
        // Its last block is full: the next one takes the place of the first.
        this.#growth[this.#at] = this.#growth[this.#at]! - windowed
        this.#round -= windowed
        continue
      }
      this.#changes.add(slot, this.counter + this.#stepsToChange(slot, this.kvTokensOf(slot)))
    }
    return freed > 0
  }

  /** Whether a request holds blocks of its window that others may hold as well. */
  #slides(slot: Slot): boolean {
    const paths = this.#paths
    return paths !== undefined && paths.windowFrom[slot]! < paths.windowEnd[slot]!
  }

  /** A request lets its chunk go; returns the blocks that become free. */
  #endChunk(slot: Slot): number {
    if (this.#cache !== undefined) return this.#cache.endChunk(slot)
    const { windowed, reach, size } = this.#blocks
    const freed = (windowed * reach) / size
    this.kv.allocate(-freed)
    return freed
  }

  override get firstStepBlocks(): number {
    return this.#growth[this.#at]!
  }

  override blocksGrown(from: number, to: number): number {
    const { size } = this.#blocks
    const steps = to - from
    if (steps <= 0) return 0
    const rounds = Math.floor(steps / size)
    let blocks = rounds * this.#round
    let phase = (this.#at + from) % size
    for (let left = steps - rounds * size; left > 0; left--) {
      blocks += this.#growth[phase]!
      if (++phase === size) phase = 0
    }
    return blocks
  }

  override stepsWithin(free: number, limit: number): number {
    const most = Math.min(limit, this.#changes.next - this.counter)
    const { size } = this.#blocks
    const round = this.#round
    if (round * (Math.floor(most / size) + 1) <= free) return most
    const rounds = Math.floor(free / round)
    let left = free - rounds * round
    let steps = rounds * size
    let phase = this.#at
    for (;;) {
      if (steps >= most) return most
      const needed = this.#growth[phase]!
      if (needed > left) return steps
      left -= needed
      steps++
      if (++phase === size) phase = 0
    }
  }
}

/** The batch of a replica, by its KV blocks. */
export function laneOf(parts: LaneParts): Lane {
  return parts.kv instanceof WindowedKvBlocks ? new WindowedLane(parts, parts.kv) : new Lane(parts)
}
