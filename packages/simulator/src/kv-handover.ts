import type { Slot } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import type { KvTransfer } from './kv-transfer.js'
import type { Lane } from './lane.js'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'
import { LEAVING, WAITING } from './request-table.js'

/** Transfers that end come before batches that act at the same time. */
export const TRANSFER_PRIORITY = 0

/** When a prefill was done, its first byte was sent, and its KV cache is usable, in seconds. */
export interface HandoverTimes {
  ready: number
  start: number
  end: number
}

/** What a handover needs of the run around it. */
export interface HandoverParts {
  readonly queue: EventQueue
  readonly table: RequestTable
  /** The decode pool. */
  readonly pool: Pool
  readonly transfer: KvTransfer
  replicaOf(slot: Slot): Replica
  /** Whether something that happens at a time is measured. */
  measures(time: number): boolean
  /** Ends a lane's running segment after so many steps, if that is sooner. */
  shorten(lane: Lane, steps: number): void
  /** KV blocks of a replica became free. */
  released(replica: Replica): void
  /** A request's KV cache has arrived. */
  arrived(slot: Slot, replica: Replica): void
  /** A request's KV cache is put on the link. */
  sent(slot: Slot, target: Replica, times: HandoverTimes, bytes: number): void
}

/**
 * Requests on their way from the prefill to the decode pool. A KV cache is held at the prefill replica
 * until its transfer ends, and at the decode replica from the moment the transfer starts, which waits
 * until there is room for it.
 */
export class KvHandover {
  readonly #parts: HandoverParts
  /** Number of the decode replica, by slot. */
  #targets: Int32Array = new Int32Array(256)
  /** When the prefill was done, by slot, in seconds. */
  #readyAt: Float64Array = new Float64Array(256)
  /** When the KV cache was usable for decoding, by slot, in seconds. */
  #arrivedAt: Float64Array = new Float64Array(256)
  readonly #times: HandoverTimes = { ready: 0.5, start: 0.5, end: 0.5 }

  constructor(parts: HandoverParts) {
    this.#parts = parts
  }

  /** A prompt is done: chooses the decode replica and queues the KV cache for it. */
  begin(slot: Slot, now: number): void {
    const { table, pool } = this.#parts
    table.stage[slot] = LEAVING
    const target = pool.route(slot, now)
    target.requests++
    target.outstanding++
    this.#note(slot, target.index, now)
    target.inbound.pushBack(slot)
    this.admitInbound(target, now)
  }

  /** Reserves KV blocks for the caches that wait for room on a decode replica, and sends them. */
  admitInbound(replica: Replica, now: number): void {
    const { table, transfer, queue } = this.#parts
    while (replica.inbound.size > 0) {
      // A preempted request comes before newcomers, or these would take all that is freed.
      if (replica.lanes.some(hasEvicted)) return
      const slot = replica.inbound.head
      const tokens = table.prefillTarget[slot]!
      const blocks = replica.kv.blocksFor(tokens)
      const held = heldPrefix(replica, slot, tokens, now)
      // One block stays free, so that the first to decode can grow.
      if (replica.usedBefore(now) + blocks - held + 1 > replica.kv.total) return
      replica.sampleUntil(now)
      replica.inbound.remove(slot)
      const there = takePrefix(replica, slot, tokens)
      this.#reserve(replica, blocks - there, now)
      const end = transfer.send(now, tokens - there * replica.kv.size)
      queue.schedule(end, TRANSFER_PRIORITY, -slot - 1)
      const times = this.#times
      times.ready = this.#readyAt[slot]!
      times.start = transfer.startedAt
      times.end = end
      this.#parts.sent(slot, replica, times, transfer.sentBytes)
    }
  }

  /** A KV cache has arrived: its blocks at the prefill replica are free, and it can decode here. */
  end(slot: Slot, now: number): void {
    const { table, pool, transfer } = this.#parts
    const source = this.#parts.replicaOf(slot)
    source.sampleUntil(now)
    source.free(slot, table.prefillTarget[slot]!, now)
    source.outstanding--
    this.#parts.released(source)
    const target = pool.replicas[this.#targets[slot]!]!
    if (this.#parts.measures(now)) transfer.times.add(now - this.#readyAt[slot]!)
    this.#arrivedAt[slot] = now
    table.stage[slot] = WAITING
    table.blocks[slot] = target.kv.blocksFor(table.prefillTarget[slot]!)
    table.prefix?.paths.arrive(slot)
    if (target.cache !== undefined) target.sampleUntil(now)
    const freed =
      target.cache?.commit(slot, table.prefillTarget[slot]!, target.usedBefore(now)) ?? 0
    if (freed > 0) this.#parts.released(target)
    this.#parts.arrived(slot, target)
  }

  /** When a request's prefill was done; NaN where none was handed over. */
  readyAt(slot: Slot): number {
    return this.#wasHandedOver(slot) ? this.#readyAt[slot]! : NaN
  }

  /** When its KV cache was usable for decoding; NaN where it is not yet. */
  arrivedAt(slot: Slot): number {
    return this.#wasHandedOver(slot) ? this.#arrivedAt[slot]! : NaN
  }

  /** Whether the slot's request has its first token and is not done with it. */
  #wasHandedOver(slot: Slot): boolean {
    const { table } = this.#parts
    if (table.lane[slot]! < 0 || slot >= this.#targets.length) return false
    return table.stage[slot] === LEAVING || this.#parts.replicaOf(slot).role === 'decode'
  }

  /** Takes blocks while a segment runs, which then may have to end sooner. */
  #reserve(replica: Replica, blocks: number, now: number): void {
    replica.kv.allocate(blocks)
    const lane = replica.lanes[0]!
    const { segment } = lane
    if (!segment.active || segment.steps === 1 || !lane.decodes) return
    const free = replica.kv.free + lane.firstStepBlocks
    this.#parts.shorten(lane, Math.max(1, lane.stepsWithin(free, segment.steps)))
    replica.kv.notePeak(replica.usedBefore(now))
  }

  #note(slot: Slot, target: number, readyAt: number): void {
    if (slot >= this.#targets.length) {
      const targets = new Int32Array(this.#parts.table.capacity)
      targets.set(this.#targets)
      this.#targets = targets
      const times = new Float64Array(this.#parts.table.capacity)
      times.set(this.#readyAt)
      this.#readyAt = times
      const arrivals = new Float64Array(this.#parts.table.capacity)
      arrivals.set(this.#arrivedAt)
      this.#arrivedAt = arrivals
    }
    this.#targets[slot] = target
    this.#readyAt[slot] = readyAt
    this.#arrivedAt[slot] = NaN
  }
}

/** KV blocks of a KV cache that a decode replica's requests hold already. */
function heldPrefix(replica: Replica, slot: Slot, tokens: number, now: number): number {
  const { cache, kv } = replica
  if (cache === undefined) return 0
  cache.settle(replica.usedBefore(now))
  cache.find(slot, Math.floor(tokens / kv.size))
  return cache.foundHeld
}

/** Takes the KV blocks that a decode replica has of a KV cache, and need not be sent; returns how many. */
function takePrefix({ cache, kv }: Replica, slot: Slot, tokens: number): number {
  if (cache === undefined) return 0
  const blocks = cache.acquireForTransfer(slot, Math.floor(tokens / kv.size))
  cache.countHit(slot, tokens, blocks * kv.size)
  return blocks
}

function hasEvicted(lane: Lane): boolean {
  return lane.evicted > 0
}
