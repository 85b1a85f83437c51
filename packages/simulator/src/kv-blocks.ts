/** The KV blocks of one replica: how many there are, and how many are in use. */
export class KvBlocks {
  /** Tokens in a block. */
  readonly size: number
  readonly total: number
  /** Held by each sequence besides those of its tokens. */
  readonly state: number
  /** In use, as the first step of a running segment leaves them. */
  used: number = 0
  peak: number = 0

  constructor(size: number, total: number, state = 0) {
    this.size = size
    this.total = total
    this.state = state
  }

  get free(): number {
    return this.total - this.used
  }

  blocksFor(tokens: number): number {
    return this.state + Math.ceil(tokens / this.size)
  }

  /** Takes blocks, or gives them back where the number is negative. */
  allocate(blocks: number): void {
    this.used += blocks
    if (this.used > this.peak) this.peak = this.used
  }

  /** Notes a use inside a running segment. */
  notePeak(used: number): void {
    if (used > this.peak) this.peak = used
  }
}
