import type { PoolRole, Slot } from '@llmsim/contracts'
import type { Lane } from './lane.js'
import { LaneView } from './lane-view.js'
import type { PrefixCache } from './prefix-cache.js'
import { WAITING } from './request-table.js'

/**
 * The view of a lane whose replica has a prefix cache: waiting requests are shown with what they would find,
 * to a scheduler that reckons with it.
 */
export class CachedLaneView extends LaneView {
  readonly #lane: Lane
  readonly #cache: PrefixCache

  constructor(lane: Lane, cache: PrefixCache, role: PoolRole) {
    super(lane, role)
    this.#lane = lane
    this.#cache = cache
  }

  override prefillRemaining(slot: Slot): number {
    return super.prefillRemaining(slot) - this.cachedTokens(slot)
  }

  override kvTokens(slot: Slot): number {
    return super.kvTokens(slot) + this.cachedTokens(slot)
  }

  override heldBlocks(slot: Slot): number {
    if (this.#look(slot)) return this.#cache.foundHeld
    return super.heldBlocks(slot) - this.#cache.sharedBlocks(slot)
  }

  sharedBlocks(slot: Slot): number {
    return this.#cache.sharedBlocks(slot)
  }

  cachedTokens(slot: Slot): number {
    return this.#look(slot) ? this.#cache.found * this.#lane.kv.size : 0
  }

  /** Looks a waiting request up; false where it is not one, or has its KV cache already. */
  #look(slot: Slot): boolean {
    const { table, kv } = this.#lane
    if (table.stage[slot] !== WAITING || table.prefillDone[slot] !== 0) return false
    if (this.#lane.scheduler.seesPrefixes !== true) return false
    this.#cache.settle(kv.used)
    this.#cache.look(slot)
    return true
  }
}
