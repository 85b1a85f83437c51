import type { OperatorCost, StepWork } from '@llmsim/contracts'
import type { DeviceShapes } from './device-shapes.js'

/** What a device reaches in layers that keep a state. */
export interface StateRates {
  /** Passes of such layers through all stages. */
  readonly runs: number
  readonly flopPerSecond: number
  readonly bytesPerSecond: number
  /** Start of the kernels of one layer, in seconds. */
  readonly startSeconds: number
  /** What a prompt costs besides, where it was measured. */
  readonly chunked?: ChunkedScan
}

/** A prompt in chunks: kernels that pass results on through memory, and a scan from chunk to chunk. */
export interface ChunkedScan {
  /** Seconds per token of the scan, which does each chunk's products behind those of the one before. */
  readonly secondsPerToken: number
  /** Results as wide as the layer's output that its kernels read and write for each token. */
  readonly passes: number
}

/**
 * Gated DeltaNet: 4096 tokens of 32 heads take 188 us in the scan over chunks of 64, and 404 us in the other five kernels
 * on an H20 of 4 TB/s, of which 3 are reached (InferSim, `bench_data/gdn/prefill`: 37 rows of 128 16-bit values per token and head).
 */
export const gatedDeltaScan: ChunkedScan = { secondsPerToken: 188e-6 / 4096, passes: 36 }

/** FLOP of one token for each element of the state: decay, update by an outer product, read-out, 2 each. */
const FLOP_PER_ELEMENT = 6

/**
 * The recurrences of layers that keep a state: linear attention and state-space models.
 *
 * A decoding sequence reads and writes its whole state in each step, however long its context. A prompt is
 * computed in chunks whose products have as many FLOP as the recurrence, while the state stays in the device's
 * caches (Yang et al., arXiv:2412.06464; Dao and Gu, arXiv:2405.21060), so that its tokens move what they
 * read and write.
 */
export class StateCost {
  readonly #rates: StateRates
  readonly #stateBytes: number
  readonly #flop: number
  readonly #rowBytes: number
  /** Bytes of a prompt's token. */
  readonly #chunkBytes: number

  /** `elements`: of one layer's recurrent state, on one device. */
  constructor(rates: StateRates, shapes: DeviceShapes, elements: number, residualBytes: number) {
    this.#rates = rates
    this.#stateBytes = 2 * shapes.stateBytes
    this.#flop = FLOP_PER_ELEMENT * elements
    this.#rowBytes = residualBytes * (shapes.stateInput + shapes.stateOutput)
    const passes = rates.chunked?.passes ?? 0
    this.#chunkBytes = this.#rowBytes + residualBytes * passes * shapes.stateOutput
  }

  decodeSeconds(decodes: number): number {
    const { runs, bytesPerSecond, flopPerSecond, startSeconds } = this.#rates
    if (decodes === 0) return 0
    const memory = (decodes * (this.#stateBytes + this.#rowBytes)) / bytesPerSecond
    return runs * (startSeconds + Math.max(memory, (decodes * this.#flop) / flopPerSecond))
  }

  prefillSeconds(tokens: number): number {
    const { runs, bytesPerSecond, flopPerSecond, startSeconds, chunked } = this.#rates
    if (tokens === 0) return 0
    const memory = (this.#stateBytes + tokens * this.#chunkBytes) / bytesPerSecond
    const scan = tokens * (chunked?.secondsPerToken ?? 0)
    return runs * (startSeconds + scan + Math.max(memory, (tokens * this.#flop) / flopPerSecond))
  }

  describe({ prefillTokens, decodes }: StepWork, into: OperatorCost[]): void {
    const { runs } = this.#rates
    const add = (
      name: string,
      seconds: number,
      tokens: number,
      states: number,
      rowBytes: number,
    ): void => {
      if (tokens === 0) return
      into.push({
        name,
        seconds,
        flop: runs * tokens * this.#flop,
        bytes: runs * (states * this.#stateBytes + tokens * rowBytes),
        sentBytes: 0,
        bound: 'memory',
      })
    }
    const prefill = this.prefillSeconds(prefillTokens)
    add('state_prefill', prefill, prefillTokens, 1, this.#chunkBytes)
    add('state_decode', this.decodeSeconds(decodes), decodes, decodes, this.#rowBytes)
  }
}
