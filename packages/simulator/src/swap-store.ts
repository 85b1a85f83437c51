import type { ReplicaMemory } from '@llmsim/contracts'

/** Host memory of one replica that holds KV caches of preempted requests, and what went in and out. */
export class SwapStore {
  /** KV blocks that it has room for. */
  readonly total: number
  used: number = 0
  peak: number = 0
  /** Requests that went out to it and came back. */
  requestsOut: number = 0
  requestsIn: number = 0
  blocksOut: number = 0
  blocksIn: number = 0
  /** Requests that were to go out and were recomputed, since there was no room. */
  refused: number = 0
  /** Seconds that the link of a device takes for its share of one block. */
  readonly #secondsPerBlock: number

  constructor(blocks: number, secondsPerBlock: number) {
    this.total = blocks
    this.#secondsPerBlock = secondsPerBlock
  }

  /** Takes a KV cache in; the seconds that this takes, or NaN where there is no room. */
  takeOut(blocks: number): number {
    if (this.used + blocks > this.total) {
      this.refused++
      return NaN
    }
    this.used += blocks
    if (this.used > this.peak) this.peak = this.used
    this.requestsOut++
    this.blocksOut += blocks
    return blocks * this.#secondsPerBlock
  }

  /** Gives a KV cache back to the device; the seconds that this takes. */
  bringBack(blocks: number): number {
    this.used -= blocks
    this.requestsIn++
    this.blocksIn += blocks
    return blocks * this.#secondsPerBlock
  }

  /** Forgets a KV cache whose request is gone. */
  drop(blocks: number): void {
    this.used -= blocks
  }
}

/** The host memory of a replica; undefined where preempted requests are recomputed. */
export function swapStoreOf({ swap, bytesPerBlock }: ReplicaMemory): SwapStore | undefined {
  if (swap === undefined) return undefined
  return new SwapStore(swap.blocks, bytesPerBlock / swap.bandwidthBytesPerSecond)
}
