import type { AttentionReach, ReplicaMemory, WindowedKv } from '@llmsim/contracts'
import { KvBlocks } from './kv-blocks.js'

/**
 * The KV blocks of a replica of a model in which some layers keep a window only.
 *
 * While a request decodes, each group of windowed layers holds the blocks that its next token sees. A sliding
 * window of `w` tokens lies in `ceil((w - 1) / size) + 1` blocks at most: so many are held from then on, the first
 * being given back when a new one is needed. A chunk is given back when it is full. While its prompt is computed, a
 * request holds as many blocks of each such group as one step and the window before it take, as vLLM counts
 * (`SlidingWindowSpec.max_admission_blocks_per_request` in `vllm/v1/kv_cache_interface.py`).
 */
export class WindowedKvBlocks extends KvBlocks {
  readonly full: number
  readonly windowed: number
  readonly chunked: boolean
  /** Tokens of the window or chunk. */
  readonly reach: number
  /** Blocks of one group that a sliding window lies in at most. */
  readonly windowBlocks: number
  /** Blocks of one windowed group that a prompt holds at most while it is computed. */
  readonly #promptBlocks: number
  /** The same with what was found of it in a prefix cache, which it holds until then. */
  readonly #mostBlocks: number

  /** `shared`: whether requests share blocks. */
  constructor(size: number, total: number, state: number, windowed: WindowedKv, shared = false) {
    super(size, total, state, windowed.fullGroups + windowed.windowedGroups)
    const { tokens, kind, fullGroups, windowedGroups, chunkTokens } = windowed
    this.full = fullGroups
    this.windowed = windowedGroups
    this.chunked = kind === 'chunked'
    this.reach = tokens
    this.windowBlocks = Math.ceil((tokens - 1) / size) + 1
    this.#promptBlocks = Math.ceil((tokens - 1 + chunkTokens) / size) + 1
    this.#mostBlocks = this.#promptBlocks + (shared ? this.windowBlocks : 0)
  }

  override blocksFor(tokens: number): number {
    const blocks = Math.ceil(tokens / this.size)
    return this.state + this.full * blocks + this.windowed * Math.min(blocks, this.#mostBlocks)
  }

  /**
   * The same with `found` blocks in a prefix cache, of which windowed layers have those behind `from`: no more than
   * without them.
   */
  reservedFor(tokens: number, found: number, from: number): number {
    const blocks = Math.ceil(tokens / this.size)
    const ofWindow = found - from + Math.min(blocks - found, this.#promptBlocks)
    return this.state + this.full * blocks + this.windowed * ofWindow
  }

  override heldBy(tokens: number): number {
    const blocks = Math.ceil(tokens / this.size)
    const seen = this.chunked
      ? blocks - (Math.floor(tokens / this.reach) * this.reach) / this.size
      : Math.min(blocks, this.windowBlocks)
    return this.state + this.full * blocks + this.windowed * seen
  }

  /** First of a request's blocks that the token behind so many full ones sees. */
  seenFrom(blocks: number): number {
    if (!this.chunked) return Math.max(0, blocks - this.windowBlocks + 1)
    return (Math.floor((blocks * this.size) / this.reach) * this.reach) / this.size
  }

  /** First block that a request holds of windowed layers which has computed so many tokens. */
  keptFrom(tokens: number): number {
    if (!this.chunked) return Math.max(0, Math.ceil(tokens / this.size) - this.windowBlocks)
    return (Math.floor(tokens / this.reach) * this.reach) / this.size
  }

  /** Blocks that a request holds at most until it has decoded to `tokens` tokens. */
  mostHeldBy(tokens: number): number {
    const blocks = Math.ceil(tokens / this.size)
    const most = this.chunked ? this.reach / this.size : this.windowBlocks
    return this.state + this.full * blocks + this.windowed * Math.min(blocks, most)
  }

  override growthAt(tokens: number): number {
    if (tokens % this.size !== 0) return 0
    return this.grows(tokens) ? this.mostGrowth : this.full
  }

  /**
   * Whether the windowed groups of a request that decodes with `tokens` tokens need further blocks.
   *
   * @param shared - its first blocks, in which it takes no place of those before them
   */
  grows(tokens: number, shared = 0): boolean {
    return this.chunked || tokens < (shared + this.windowBlocks) * this.size
  }
}

/** The KV blocks of a replica, by its memory. */
export function kvBlocksOf(memory: ReplicaMemory, shared: boolean): KvBlocks {
  const { blockSize, kvBlocks, stateBlocks = 0, windowed } = memory
  return windowed === undefined
    ? new KvBlocks(blockSize, kvBlocks, stateBlocks)
    : new WindowedKvBlocks(blockSize, kvBlocks, stateBlocks, windowed, shared)
}

/** Of `tokens` tokens in the KV cache, those that the next one sees. */
export function tokensSeen({ tokens: reach, kind }: AttentionReach, tokens: number): number {
  return kind === 'chunked' ? tokens % reach : Math.min(tokens, reach - 1)
}
