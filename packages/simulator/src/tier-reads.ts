import type { Slot } from '@llmsim/contracts'
import type { EventHandle, EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import type { KvTier } from './kv-tier.js'
import type { PendingReads } from './prefix-parts.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'

/** What is read for a request that has been routed and not queued yet. */
interface TierRead {
  readonly replica: Replica
  readonly from: number
  readonly ends: Int32Array
  event: EventHandle
}

/**
 * Requests that wait for KV blocks from the tiers below a replica, before they enter its queue. What has come
 * is kept as other blocks are that nobody holds, and is found when the request is admitted, unless it
 * had to make room by then.
 */
export class TierReads implements PendingReads {
  readonly #table: RequestTable
  readonly #reads = new Map<Slot, TierRead>()
  /** Of requests that are queued: which tier each found block came from. */
  readonly #origins = new Map<Slot, TierRead>()

  constructor(table: RequestTable) {
    this.#table = table
  }

  isReading(slot: Slot): boolean {
    return this.#reads.has(slot)
  }

  /** Begins to read what a replica's tiers have of a request; returns when it is there. */
  begin(slot: Slot, replica: Replica, now: number): number {
    // Of a request that had the slot before.
    this.#origins.delete(slot)
    const { kv } = replica
    const cache = replica.cache!
    const { tiers } = cache
    if (tiers === undefined) return now
    const prompt = Math.floor((this.#table.prefillTarget[slot]! - 1) / kv.size)
    const most = cache.sharedWithin(slot, prompt)
    cache.settle(replica.usedBefore(now))
    cache.find(slot, most)
    const from = cache.found
    const ends = new Int32Array(tiers.tiers.length)
    const ready = tiers.read(slot, from, most, now, ends)
    if (ready > now) this.#reads.set(slot, { replica, from, ends, event: NO_EVENT })
    return ready
  }

  /** The event at which all that a request waits for will have come. */
  awaits(slot: Slot, event: EventHandle): void {
    this.#reads.get(slot)!.event = event
  }

  /** Nobody waits for a request any more; whether it was one that waits here. */
  withdraw(slot: Slot, queue: EventQueue): boolean {
    const read = this.#reads.get(slot)
    if (read === undefined) return false
    this.#reads.delete(slot)
    queue.cancel(read.event)
    read.replica.outstanding--
    return true
  }

  /** A replica has lost its memory: returns the requests that wait for what comes to it, and forgets them. */
  lose(replica: Replica, queue: EventQueue): Slot[] {
    const lost: Slot[] = []
    for (const [slot, read] of this.#reads) {
      if (read.replica !== replica) continue
      queue.cancel(read.event)
      this.#reads.delete(slot)
      lost.push(slot)
    }
    for (const [slot, read] of this.#origins)
      if (read.replica === replica) this.#origins.delete(slot)
    return lost
  }

  /** What was read has come; the replica that it came to. */
  end(slot: Slot, now: number): Replica {
    const read = this.#reads.get(slot)!
    this.#reads.delete(slot)
    const { replica, from, ends } = read
    replica.cache!.keepRead(slot, from, ends.at(-1)!, replica.usedBefore(now))
    this.#origins.set(slot, read)
    return replica
  }

  /** Counts the tiers from which the `blocks` blocks came that a request found. */
  admitted(slot: Slot, blocks: number, counts: boolean): void {
    const read = this.#origins.get(slot)
    if (read === undefined) return
    this.#origins.delete(slot)
    if (!counts) return
    const { replica, ends } = read
    let at = read.from
    replica.cache!.tiers!.tiers.forEach((tier: KvTier, i) => {
      const end = Math.min(ends[i]!, blocks)
      if (end > at) {
        tier.hitTokens += (end - at) * replica.kv.size
        at = end
      }
    })
  }
}
