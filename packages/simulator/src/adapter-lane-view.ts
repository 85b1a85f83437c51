import type { PoolRole, ReplicaView, Slot } from '@llmsim/contracts'
import { CachedLaneView } from './cached-lane-view.js'
import type { Lane } from './lane.js'
import type { LaneAdapters } from './lane-adapters.js'
import { LaneView } from './lane-view.js'
import type { PrefixCache } from './prefix-cache.js'

/** The view of a lane whose requests have LoRA adapters: those that wait for a slot for theirs are left out. */
class AdapterLaneView extends LaneView {
  readonly #lane: Lane
  readonly #adapters: LaneAdapters

  constructor(lane: Lane, adapters: LaneAdapters, role: PoolRole) {
    super(lane, role)
    this.#lane = lane
    this.#adapters = adapters
  }

  override get waiting(): number {
    return this.#adapters.visible
  }

  override firstWaiting(): Slot {
    return this.#adapters.visibleFrom(this.#lane.waiting.head, this.#lane.table.next)
  }

  override nextWaiting(slot: Slot): Slot {
    const { next } = this.#lane.table
    return this.#adapters.visibleFrom(next[slot]!, next)
  }

  adapterId(slot: Slot): number {
    return this.#adapters.idOf(slot)
  }

  adapterFits(slot: Slot): boolean {
    return this.#adapters.fits(slot)
  }
}

/** The same with a prefix cache. */
class CachedAdapterLaneView extends CachedLaneView {
  readonly #lane: Lane
  readonly #adapters: LaneAdapters

  constructor(lane: Lane, adapters: LaneAdapters, cache: PrefixCache, role: PoolRole) {
    super(lane, cache, role)
    this.#lane = lane
    this.#adapters = adapters
  }

  override get waiting(): number {
    return this.#adapters.visible
  }

  override firstWaiting(): Slot {
    return this.#adapters.visibleFrom(this.#lane.waiting.head, this.#lane.table.next)
  }

  override nextWaiting(slot: Slot): Slot {
    const { next } = this.#lane.table
    return this.#adapters.visibleFrom(next[slot]!, next)
  }

  adapterId(slot: Slot): number {
    return this.#adapters.idOf(slot)
  }

  adapterFits(slot: Slot): boolean {
    return this.#adapters.fits(slot)
  }
}

/** The view of a lane, with what its replica has beside KV blocks. */
export function laneView(lane: Lane, role: PoolRole): ReplicaView {
  const { adapters, cache } = lane
  if (adapters === undefined)
    return cache === undefined ? new LaneView(lane, role) : new CachedLaneView(lane, cache, role)
  return cache === undefined
    ? new AdapterLaneView(lane, adapters, role)
    : new CachedAdapterLaneView(lane, adapters, cache, role)
}
