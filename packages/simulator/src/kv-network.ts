import type { Slot, TransferTopologySpec } from '@llmsim/contracts'
import { FlowNetwork } from '@llmsim/engine'
import { IntervalClock } from './interval-clock.js'
import { LinkHistory } from './link-history.js'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import type { Timetable } from './timetable.js'
import { exposedSeconds } from './transfer-overlap.js'
import { TransferTopology } from './transfer-topology.js'

export interface KvNetworkParts {
  readonly topology: TransferTopologySpec
  /** Layers that are sent each as soon as it is computed; undefined: all of them at the end. */
  readonly overlapLayers: number | undefined
  readonly pools: readonly Pool[]
  readonly timetable: Timetable
  readonly windowStart: number
  readonly windowEnd: number
  /** A KV cache has gone. */
  sent(slot: Slot, now: number): void
}

/** A network that KV caches on their way share: each has its max-min fair rate over the links of its path. */
export class KvNetwork {
  readonly #topology: TransferTopology
  readonly #flows: FlowNetwork
  readonly #layers: number | undefined
  /** Only where caches are sent layer by layer. */
  readonly #history: LinkHistory | undefined
  /** While it carries anything. */
  readonly #carries: IntervalClock
  readonly #timetable: Timetable
  readonly #appointment: number

  constructor(parts: KvNetworkParts) {
    this.#topology = new TransferTopology(parts.topology, parts.pools)
    const { capacities } = this.#topology
    this.#flows = new FlowNetwork(capacities)
    this.#layers = parts.overlapLayers
    if (this.#layers !== undefined) this.#history = new LinkHistory(capacities.length)
    this.#carries = new IntervalClock(parts.windowStart, parts.windowEnd)
    this.#timetable = parts.timetable
    this.#appointment = parts.timetable.enter((now) => {
      this.#advance(now)
      const slot = this.#flows.end()
      this.#reschedule(now)
      parts.sent(slot, now)
    }, true)
  }

  /** Seconds of the measured window until `now` in which something was sent. */
  busyInWindow(now: number): number {
    return this.#carries.inWindow(now)
  }

  /** Multiplies the bandwidth of all links. */
  scale(factor: number, now: number): void {
    this.#advance(now)
    this.#flows.scale(now, factor)
    this.#reschedule(now)
  }

  /**
   * Sends a KV cache; `sent` tells when it has gone.
   *
   * @param computeSeconds - of the step that ended its prefill now; 0 where it has waited since
   */
  send(
    now: number,
    slot: Slot,
    bytes: number,
    from: Replica,
    to: Replica,
    computeSeconds: number,
  ): void {
    const path = this.#topology.path(from, to)
    this.#advance(now)
    const left = bytes - this.#gone(now, path, bytes, computeSeconds)
    this.#carries.start(now)
    this.#flows.start(now, slot, left, path)
    this.#reschedule(now)
  }

  /** A KV cache need not arrive any more. */
  cancel(slot: Slot, now: number): void {
    this.#advance(now)
    this.#flows.cancel(now, slot)
    this.#reschedule(now)
  }

  /** Bytes that have gone beside the computation: as many as a network of its own carries, while there was room. */
  #gone(now: number, path: readonly number[], bytes: number, computeSeconds: number): number {
    const layers = this.#layers
    if (layers === undefined || layers === 1 || computeSeconds === 0) return 0
    const capacity = (link: number): number => this.#flows.capacity(link)
    const alone = Math.min(...path.map(capacity))
    const most = bytes - exposedSeconds(bytes / alone, computeSeconds, layers) * alone
    const first = now - computeSeconds * ((layers - 1) / layers)
    return this.#history!.lend(path, first, most, capacity)
  }

  /** The rates are about to change. */
  #advance(now: number): void {
    this.#history?.advance(now, (link) => this.#flows.load(link))
  }

  #reschedule(now: number): void {
    if (this.#flows.size === 0) this.#carries.stop(now)
    this.#timetable.at(this.#appointment, Math.max(now, this.#flows.nextEnd))
  }
}
