import type { Distribution, KvTransferSpec } from '@llmsim/contracts'
import { FifoServer } from '@llmsim/engine'
import { overlapSeconds } from '@llmsim/metrics'

/** The shared link between the prefill and the decode pool: one KV cache after another. */
export class KvTransfer {
  transfers: number = 0
  bytes: number = 0
  /** Link seconds inside the measured window. */
  busyInWindow: number = 0
  /** When the last one's first byte was sent, in seconds, and its bytes. */
  startedAt: number = 0
  sentBytes: number = 0
  readonly times: Distribution
  readonly #spec: KvTransferSpec
  readonly #link: FifoServer = new FifoServer()
  /** What is left of its bandwidth. */
  #factor = 1
  readonly #start: number
  readonly #end: number

  constructor(spec: KvTransferSpec, times: Distribution, start: number, end: number) {
    this.#spec = spec
    this.times = times
    this.#start = start
    this.#end = end
  }

  /** Transfers that come from now on have this share of the link's bandwidth. */
  scale(factor: number): void {
    this.#factor = factor
  }

  /**
   * Puts a KV cache of `tokens` tokens on the link.
   *
   * @returns when it is usable at the other end, in seconds
   */
  send(now: number, tokens: number): number {
    const bytes = tokens * this.#spec.bytesPerToken
    const seconds = bytes / (this.#spec.bandwidthBytesPerSecond * this.#factor)
    const sent = this.#link.serve(now, seconds)
    this.startedAt = sent - seconds
    this.sentBytes = bytes
    this.transfers++
    this.bytes += bytes
    this.busyInWindow += overlapSeconds(sent - seconds, sent, this.#start, this.#end)
    return sent + this.#spec.latencySeconds
  }
}
