import type { AttentionReach, OperatorCost, StepWork, WindowWork } from '@llmsim/contracts'
import type { KernelRates } from './operator.js'

/** Layers whose attention sees equally far, and what it costs them on one device. */
export interface AttentionShape {
  /** `full` or `windowed`: what the breakdown's names carry. */
  readonly name: string
  /** Layers of one pass through all stages. */
  readonly layers: number
  /** Tokens that a position sees at most; Infinity without a window. */
  readonly windowTokens: number
  /** `sliding` or `chunked`; not read without a window. */
  readonly windowKind?: AttentionReach['kind']
  /** FLOP of one token pair while prefilling. */
  readonly flopPerPair: number
  /** FLOP of one decoding sequence for each token of its context. */
  readonly flopPerContextToken: number
  /** Bytes of keys and values of one token. */
  readonly kvBytesPerToken: number
  /** Bytes of queries read and results written by one prefilled token. */
  readonly prefillRowBytes: number
  /** The same for one decoding sequence. */
  readonly decodeRowBytes: number
  readonly prefillRates: KernelRates
  readonly decodeRates: KernelRates
}

/** Keys and values of a new token are written and read once, its query read, its result written. */
function prefillTokenBytes(shape: AttentionShape): number {
  return 2 * shape.kvBytesPerToken + shape.prefillRowBytes
}

/** No window, as a number that stays a number when multiplied by 0 sequences. */
const UNLIMITED = Number.MAX_SAFE_INTEGER

/**
 * Attention of one kind of layers, in closed form: the larger of two lines in the context.
 *
 * What is seen through a window is in the work. Where it is not, sums over the batch bound it from above:
 * decoding sequences see `min(decodeContext, decodes * window)` tokens (Jensen's inequality: exact when all
 * contexts lie on one side of the window) and prefilled tokens `min(pairs, tokens * window)`.
 */
export class AttentionCost {
  readonly shape: AttentionShape
  readonly windowTokens: number
  /** Its number among the windows of the cost model; -1 without one. */
  readonly window: number
  /** Seconds: fixed, per decoding sequence and per context token. */
  readonly computeFixed: number
  readonly computePerContext: number
  readonly memoryFixed: number
  readonly memoryPerSequence: number
  readonly memoryPerContext: number
  readonly prefillComputeFixed: number
  readonly prefillComputePerPair: number
  readonly prefillMemoryFixed: number
  readonly prefillMemoryPerToken: number

  constructor(shape: AttentionShape, window = -1) {
    this.window = window
    const { layers, decodeRates: rates } = shape
    this.shape = shape
    this.windowTokens = Math.min(shape.windowTokens, UNLIMITED)
    this.computeFixed = layers * rates.computeRampSeconds
    this.computePerContext = (layers * shape.flopPerContextToken) / rates.flopPerSecond
    this.memoryFixed = layers * rates.memoryRampSeconds
    this.memoryPerSequence = (layers * shape.decodeRowBytes) / rates.bytesPerSecond
    this.memoryPerContext = (layers * shape.kvBytesPerToken) / rates.bytesPerSecond
    const prefill = shape.prefillRates
    this.prefillComputeFixed = layers * prefill.computeRampSeconds
    this.prefillComputePerPair = (layers * shape.flopPerPair) / prefill.flopPerSecond
    this.prefillMemoryFixed = layers * prefill.memoryRampSeconds
    this.prefillMemoryPerToken = (layers * prefillTokenBytes(shape)) / prefill.bytesPerSecond
  }

  get limited(): boolean {
    return this.windowTokens < UNLIMITED
  }

  /** Context tokens that are read: all of them, or a window's worth of each sequence. */
  seen(decodes: number, decodeContext: number): number {
    return Math.min(decodeContext, decodes * this.windowTokens)
  }

  /** Seconds of the tensor units while decoding. */
  decodeCompute(seen: number): number {
    return this.computeFixed + this.computePerContext * seen
  }

  /** Seconds of the memory while decoding. */
  decodeMemory(decodes: number, seen: number): number {
    return this.memoryFixed + this.memoryPerSequence * decodes + this.memoryPerContext * seen
  }

  decodeSeconds(decodes: number, seen: number): number {
    return Math.max(this.decodeCompute(seen), this.decodeMemory(decodes, seen))
  }

  /** Token pairs that are computed: all of them, or a window's worth of each token. */
  pairs(tokens: number, pairs: number): number {
    return Math.min(pairs, tokens * this.windowTokens)
  }

  prefillCompute(pairs: number): number {
    return this.prefillComputeFixed + this.prefillComputePerPair * pairs
  }

  /** Keys and values of the new tokens are written and read; those of earlier chunks come from cache. */
  prefillMemory(tokens: number): number {
    return this.prefillMemoryFixed + this.prefillMemoryPerToken * tokens
  }

  prefillSeconds(tokens: number, pairs: number, seen?: WindowWork): number {
    const compute = this.prefillCompute(seen === undefined ? this.pairs(tokens, pairs) : seen.pairs)
    const memory = this.prefillMemory(tokens)
    return compute > memory ? compute : memory
  }

  /** The operators of this attention in a step. */
  describe(work: StepWork, into: OperatorCost[]): void {
    const { name, layers } = this.shape
    const { prefillTokens: tokens, prefillAttention: pairs, decodes, decodeContext } = work
    const through = work.windows?.[this.window]
    if (tokens > 0 || pairs > 0) {
      const computed = through === undefined ? this.pairs(tokens, pairs) : through.pairs
      into.push({
        name: `attention_prefill_${name}`,
        seconds: this.prefillSeconds(tokens, pairs, through),
        flop: layers * this.shape.flopPerPair * computed,
        bytes: layers * prefillTokenBytes(this.shape) * tokens,
        sentBytes: 0,
        bound: this.prefillCompute(computed) > this.prefillMemory(tokens) ? 'compute' : 'memory',
      })
    }
    if (decodes > 0 || decodeContext > 0) {
      const seen = through === undefined ? this.seen(decodes, decodeContext) : through.context
      into.push({
        name: `attention_decode_${name}`,
        seconds: this.decodeSeconds(decodes, seen),
        flop: layers * this.shape.flopPerContextToken * seen,
        bytes: layers * (this.shape.kvBytesPerToken * seen + this.shape.decodeRowBytes * decodes),
        sentBytes: 0,
        bound: this.decodeCompute(seen) > this.decodeMemory(decodes, seen) ? 'compute' : 'memory',
      })
    }
  }
}
