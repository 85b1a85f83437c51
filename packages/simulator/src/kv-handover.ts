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
      // One block stays free, so that the first to decode can grow.
      if (replica.usedBefore(now) + blocks + 1 > replica.kv.total) return
      replica.sampleUntil(now)
      replica.inbound.remove(slot)
      this.#reserve(replica, blocks, now)
      queue.schedule(transfer.send(now, tokens), TRANSFER_PRIORITY, -slot - 1)
    }
  }

  /** A KV cache has arrived: its blocks at the prefill replica are free, and it can decode here. */
  end(slot: Slot, now: number): void {
    const { table, pool, transfer } = this.#parts
    const source = this.#parts.replicaOf(slot)
    source.sampleUntil(now)
    source.kv.allocate(-table.blocks[slot]!)
    source.outstanding--
    this.#parts.released(source)
    const target = pool.replicas[this.#targets[slot]!]!
    if (this.#parts.measures(now)) transfer.times.add(now - this.#readyAt[slot]!)
    table.stage[slot] = WAITING
    table.blocks[slot] = target.kv.blocksFor(table.prefillTarget[slot]!)
    this.#parts.arrived(slot, target)
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
    }
    this.#targets[slot] = target
    this.#readyAt[slot] = readyAt
  }
}

function hasEvicted(lane: Lane): boolean {
  return lane.evicted > 0
}
