import type { Distribution, KvTransferSpec, Slot } from '@llmsim/contracts'
import { FifoServer } from '@llmsim/engine'
import { overlapSeconds } from '@llmsim/metrics'
import { KvNetwork } from './kv-network.js'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import type { Timetable } from './timetable.js'
import { exposedSeconds } from './transfer-overlap.js'
import { tokensSeen } from './windowed-kv-blocks.js'

export interface KvTransferParts {
  readonly spec: KvTransferSpec
  readonly pools: readonly Pool[]
  readonly timetable: Timetable
  readonly times: Distribution
  /** The measured window, in seconds. */
  readonly windowStart: number
  readonly windowEnd: number
}

/**
 * What carries KV caches from replicas that prefill to those that decode: one link, one cache after another,
 * or a network that they share.
 */
export class KvTransfer {
  transfers: number = 0
  bytes: number = 0
  /** When the last one's first byte was sent, in seconds, and its bytes. */
  startedAt: number = 0
  sentBytes: number = 0
  readonly times: Distribution
  /** A KV cache has gone over the network; it is usable after the latency. */
  sent: (slot: Slot, now: number) => void = () => undefined
  readonly #parts: KvTransferParts
  readonly #link: FifoServer = new FifoServer()
  /** What is left of the link's bandwidth. */
  #factor = 1
  /** Link seconds inside the measured window. */
  #busyInWindow = 0
  readonly #network: KvNetwork | undefined

  constructor(parts: KvTransferParts) {
    this.#parts = parts
    this.times = parts.times
    const { topology, overlapLayers } = parts.spec
    if (topology !== undefined)
      this.#network = new KvNetwork({
        ...parts,
        topology,
        overlapLayers,
        sent: (slot, now) => {
          this.sent(slot, now)
        },
      })
  }

  /** Seconds of the measured window until `now` in which something was sent. */
  busyInWindow(now: number): number {
    return this.#network?.busyInWindow(now) ?? this.#busyInWindow
  }

  get latencySeconds(): number {
    return this.#parts.spec.latencySeconds
  }

  /** The link has this share of its bandwidth for transfers that come from now on, the network for all. */
  scale(factor: number, now: number): void {
    this.#network?.scale(factor / this.#factor, now)
    this.#factor = factor
  }

  /** Bytes of a KV cache of `tokens` tokens, of which the first `found` need not be sent. */
  bytesOf(tokens: number, found: number): number {
    const { bytesPerToken, bytesPerRequest = 0, windowed } = this.#parts.spec
    const rest = tokens - found
    const bytes = rest * bytesPerToken + bytesPerRequest
    if (windowed === undefined) return bytes
    return bytes + Math.min(rest, tokensSeen(windowed, tokens)) * windowed.bytesPerToken
  }

  /**
   * Sends a KV cache.
   *
   * @param computeSeconds - of the step that ended its prefill now; 0 where it has waited since
   * @returns when it is usable at the other end, in seconds; NaN where `sent` will tell
   */
  send(
    now: number,
    slot: Slot,
    bytes: number,
    from: Replica,
    to: Replica,
    computeSeconds: number,
  ): number {
    const { spec, windowStart, windowEnd } = this.#parts
    this.sentBytes = bytes
    this.transfers++
    this.bytes += bytes
    if (this.#network !== undefined) {
      this.startedAt = now
      this.#network.send(now, slot, bytes, from, to, computeSeconds)
      return NaN
    }
    const seconds = bytes / (spec.bandwidthBytesPerSecond * this.#factor)
    // One that is sent layer by layer has been under way for a while, unless the link was busy.
    const early = seconds - this.#exposed(seconds, computeSeconds)
    const sent = this.#link.serve(now - early, seconds)
    this.startedAt = sent - seconds
    this.#busyInWindow += overlapSeconds(sent - seconds, sent, windowStart, windowEnd)
    return sent + spec.latencySeconds
  }

  /** A KV cache need not arrive any more; what a link carries goes on all the same. */
  cancel(slot: Slot, now: number): void {
    this.#network?.cancel(slot, now)
  }

  #exposed(seconds: number, computeSeconds: number): number {
    const { overlapLayers } = this.#parts.spec
    if (overlapLayers === undefined || computeSeconds === 0) return seconds
    return exposedSeconds(seconds, computeSeconds, overlapLayers)
  }
}
