import type { Slot } from '@llmsim/contracts'
import { Lane, type LaneParts } from './lane.js'
import { WindowChanges } from './window-changes.js'
import { WindowedKvBlocks } from './windowed-kv-blocks.js'

/**
 * The batch of a replica on which some layers keep a window only: its decoders take as many KV blocks at their
 * phase as groups of layers grow, and a run of steps ends where that changes for one of them.
 */
export class WindowedLane extends Lane {
  readonly #blocks: WindowedKvBlocks
  /** KV blocks that decode steps allocate, by the counter modulo the block size; and over a whole round. */
  readonly #growth: Int32Array
  #round = 0
  #at = 0
  /** Decoders that come to the edge of their window, or to the end of a chunk. */
  readonly #changes = new WindowChanges()

  constructor(parts: LaneParts, blocks: WindowedKvBlocks) {
    super(parts)
    this.#blocks = blocks
    this.#growth = new Int32Array(blocks.size)
  }

  override join(slot: Slot, kvTokens: number): void {
    super.join(slot, kvTokens)
    const { chunked, reach, windowBlocks, size } = this.#blocks
    this.#grow(kvTokens, 1)
    if (!this.#blocks.grows(kvTokens)) return
    const steps = chunked ? reach - (kvTokens % reach) : windowBlocks * size - kvTokens
    this.#changes.add(slot, this.counter + steps)
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
    this.#grow(this.table.kvAtJoin[slot]!, -1)
  }

  /** Counts one decoder with so many tokens, or takes it out of the count. */
  #grow(kvTokens: number, change: 1 | -1): void {
    const { size, full, mostGrowth } = this.#blocks
    const phase = (this.#at + size - (kvTokens % size)) % size
    const blocks = change * (this.#blocks.grows(kvTokens) ? mostGrowth : full)
    this.#growth[phase] = this.#growth[phase]! + blocks
    this.#round += blocks
  }

  override settlePrompt(slot: Slot, kvTokens: number): boolean {
    const { table, kv } = this
    const held = kv.heldBy(kvTokens)
    const freed = table.blocks[slot]! - held
    kv.allocate(-freed)
    table.blocks[slot] = held
    return freed > 0
  }

  override advance(): boolean {
    const { steps } = this.segment
    const { size, chunked, reach, windowed } = this.#blocks
    super.advance()
    this.#at = (this.#at + steps) % size
    let freed = 0
    while (this.#changes.next <= this.counter) {
      const slot = this.#changes.pop()
      if (chunked) {
        freed += (windowed * reach) / size
        this.#changes.add(slot, this.counter + reach)
      } else {
        // Its last block is full: the next one takes the place of the first.
        this.#growth[this.#at] = this.#growth[this.#at]! - windowed
        this.#round -= windowed
      }
    }
    if (freed === 0) return false
    this.kv.allocate(-freed)
    return true
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
