/** The KV blocks of one replica: how many there are, and how many are in use. */
export class KvBlocks {
  /** Tokens in a block. */
  readonly size: number
  readonly total: number
  /** Held by each sequence besides those of its tokens. */
  readonly state: number
  /** Blocks that a decode step allocates for one request at most. */
  readonly mostGrowth: number
  /** In use, as the first step of a running segment leaves them. */
  used: number = 0
  peak: number = 0

  constructor(size: number, total: number, state = 0, mostGrowth = 1) {
    this.size = size
    this.total = total
    this.state = state
    this.mostGrowth = mostGrowth
  }

  get free(): number {
    return this.total - this.used
  }

  /** Blocks that a prompt takes when it is admitted. */
  blocksFor(tokens: number): number {
    return this.state + wholeBlocks(tokens, this.size)
  }

  /** Blocks that a request holds whose `tokens` tokens are computed. */
  heldBy(tokens: number): number {
    return this.blocksFor(tokens)
  }

  /** Blocks that a decode step allocates for a request that holds `tokens` tokens. */
  growthAt(tokens: number): number {
    return tokens % this.size === 0 ? 1 : 0
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

/** Blocks of `size` tokens that hold `tokens` of them; a division of integers takes a third of one that is rounded. */
export function wholeBlocks(tokens: number, size: number): number {
  const whole = tokens | 0
  if (whole !== tokens) return Math.ceil(tokens / size)
  const full = (whole / size) | 0
  return full * size === whole ? full : full + 1
}
