import type { Slot } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import { TRANSFER_PRIORITY } from './event-priority.js'
import type { DecodePromises } from './decode-promises.js'
import type { KvTransfer } from './kv-transfer.js'
import type { Lane } from './lane.js'
import type { PoolGroup } from './pool-group.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'
import { LEAVING, WAITING } from './request-table.js'

/** In place of a lane: no decode replica is there, or the KV cache was taken off its way. */
const PARKED = -1
const WITHDRAWN = -2
/** In place of an event: a network carries it, and tells when it has. */
const ON_NETWORK = -2

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
  /** The decode pools. */
  readonly group: PoolGroup
  /** Decode replicas that some requests were promised. */
  readonly promises: DecodePromises<Replica> | undefined
  readonly transfer: KvTransfer
  /** Last tokens of a prompt that the decode replica computes again. */
  readonly recomputed: number
  replicaOf(slot: Slot): Replica
  replicaOfLane(lane: number): Replica
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
  /** Number of a lane of the decode replica, by slot; below 0 while there is none. */
  #targets: Int32Array = new Int32Array(256)
  /** The event that ends its transfer, by slot. */
  #events: Int32Array = new Int32Array(256)
  /** When the prefill was done, by slot, in seconds. */
  #readyAt: Float64Array = new Float64Array(256)
  /** When the KV cache was usable for decoding, by slot, in seconds. */
  #arrivedAt: Float64Array = new Float64Array(256)
  /** Seconds of the step that ended its prefill, by slot; when its first byte was sent, and its bytes. */
  #computeSeconds: Float64Array = new Float64Array(256)
  #startedAt: Float64Array = new Float64Array(256)
  #sentBytes: Float64Array = new Float64Array(256)
  readonly #times: HandoverTimes = { ready: 0.5, start: 0.5, end: 0.5 }

  constructor(parts: HandoverParts) {
    this.#parts = parts
    parts.transfer.sent = (slot, now) => {
      this.#land(slot, now + parts.transfer.latencySeconds)
    }
  }

  /** A prompt is done: chooses the decode replica and queues the KV cache for it. */
  begin(slot: Slot, now: number, computeSeconds: number): void {
    const { table } = this.#parts
    table.stage[slot] = LEAVING
    this.#note(slot, now)
    this.#computeSeconds[slot] = computeSeconds
    this.#seek(slot, now)
  }

  /** Decode replicas can take requests again: KV caches that found none go there. */
  admitParked(now: number): void {
    const { parked } = this.#parts.group
    for (let left = parked.size; left > 0; left--) {
      const slot = parked.head
      parked.remove(slot)
      this.#seek(slot, now)
    }
  }

  /** The decode replica that a KV cache waits for or is sent to; undefined while there is none. */
  targetOf(slot: Slot): Replica | undefined {
    const lane = this.#targets[slot]!
    return lane < 0 ? undefined : this.#parts.replicaOfLane(lane)
  }

  /** A KV cache that was withdrawn goes to another decode replica, from its first byte on. */
  redirect(slot: Slot, now: number): void {
    this.#seek(slot, now)
  }

  /**
   * Takes a KV cache off its way; what it holds at the prefill replica stays.
   *
   * @returns the decode replica that had room for it, or would have; its blocks there are free
   */
  withdraw(slot: Slot, now: number): Replica | undefined {
    const { queue, group } = this.#parts
    const lane = this.#targets[slot]!
    this.#targets[slot] = WITHDRAWN
    if (lane === PARKED) group.parked.remove(slot)
    if (lane < 0) return undefined
    const target = this.#parts.replicaOfLane(lane)
    target.outstanding--
    if (this.#events[slot] === NO_EVENT) target.inbound.remove(slot)
    else {
      if (this.#events[slot] === ON_NETWORK) this.#parts.transfer.cancel(slot, now)
      else queue.cancel(this.#events[slot]!)
      target.sampleUntil(now)
      const blocks = target.kv.heldBy(this.#keptTokens(slot))
      // Its batch may be in the middle of a run of steps, which has grown until now.
      target.kv.notePeak(target.usedBefore(now))
      if (target.cache === undefined) target.kv.allocate(-blocks)
      else target.cache.releaseTransfer(slot, blocks, target.usedBefore(now))
    }
    return target
  }

  #seek(slot: Slot, now: number): void {
    const { group, promises } = this.#parts
    const promised = promises?.take(slot)
    const target = promised ?? group.route(slot, now)
    this.#events[slot] = NO_EVENT
    if (target === undefined) {
      this.#targets[slot] = PARKED
      group.parked.pushBack(slot)
      return
    }
    target.requests++
    if (promised === undefined) target.outstanding++
    this.#targets[slot] = target.lanes[0]!.id
    target.inbound.pushBack(slot)
    this.admitInbound(target, now)
  }

  /** Reserves KV blocks for the caches that wait for room on a decode replica, and sends them. */
  admitInbound(replica: Replica, now: number): void {
    const { table, transfer } = this.#parts
    while (replica.inbound.size > 0) {
      // A preempted request comes before newcomers, or these would take all that is freed.
      if (replica.lanes.some(hasEvicted)) return
      const slot = replica.inbound.head
      const tokens = this.#keptTokens(slot)
      const blocks = replica.kv.heldBy(tokens)
      const held = heldPrefix(replica, slot, tokens, now)
      // So many blocks stay free that the first to decode can grow.
      const kept = replica.kv.mostGrowth
      if (replica.usedBefore(now) + blocks - held + kept > replica.kv.total) return
      replica.sampleUntil(now)
      replica.inbound.remove(slot)
      const there = takePrefix(replica, slot, tokens)
      this.#reserve(replica, blocks - (replica.cache?.unitsForTransfer(slot) ?? 0), now)
      const source = this.#parts.replicaOf(slot)
      const ready = this.#readyAt[slot]!
      const computeSeconds = now === ready ? this.#computeSeconds[slot]! : 0
      const bytes = transfer.bytesOf(table.prefillTarget[slot]!, there * replica.kv.size)
      const end = transfer.send(now, slot, bytes, source, replica, computeSeconds)
      this.#startedAt[slot] = transfer.startedAt
      this.#sentBytes[slot] = transfer.sentBytes
      if (Number.isNaN(end)) this.#events[slot] = ON_NETWORK
      else this.#land(slot, end)
    }
  }

  /** It is known when a KV cache is usable at its decode replica. */
  #land(slot: Slot, end: number): void {
    const times = this.#times
    this.#events[slot] = this.#parts.queue.schedule(end, TRANSFER_PRIORITY, -slot - 1)
    times.ready = this.#readyAt[slot]!
    times.start = this.#startedAt[slot]!
    times.end = end
    this.#parts.sent(slot, this.targetOf(slot)!, times, this.#sentBytes[slot]!)
  }

  /** A KV cache has arrived: its blocks at the prefill replica are free, and it can decode here. */
  end(slot: Slot, now: number): void {
    const { table, transfer } = this.#parts
    const source = this.#parts.replicaOf(slot)
    source.sampleUntil(now)
    source.free(slot, table.prefillTarget[slot]!, now)
    source.outstanding--
    this.#parts.released(source)
    const target = this.targetOf(slot)!
    if (this.#parts.measures(now)) transfer.times.add(now - this.#readyAt[slot]!)
    this.#arrivedAt[slot] = now
    table.stage[slot] = WAITING
    const kept = this.#keptTokens(slot)
    table.prefillTarget[slot] = kept
    table.prefillDone[slot] = kept
    table.blocks[slot] = target.kv.heldBy(kept)
    table.prefix?.paths.arrive(slot)
    if (target.cache !== undefined) target.sampleUntil(now)
    const freed = target.cache?.commit(slot, kept, target.usedBefore(now)) ?? 0
    if (freed > 0) this.#parts.released(target)
    this.#parts.arrived(slot, target)
  }

  /** A request starts anew: it was not handed over. */
  forget(slot: Slot): void {
    this.#note(slot, NaN)
  }

  /** When a request's prefill was done; NaN where none was handed over. */
  readyAt(slot: Slot): number {
    return this.#wasHandedOver(slot) ? this.#readyAt[slot]! : NaN
  }

  /** When its KV cache was usable for decoding; NaN where it is not yet. */
  arrivedAt(slot: Slot): number {
    return this.#wasHandedOver(slot) ? this.#arrivedAt[slot]! : NaN
  }

  /** Tokens of a KV cache that the decode replica keeps of what it gets. */
  #keptTokens(slot: Slot): number {
    return this.#parts.table.prefillTarget[slot]! - this.#parts.recomputed
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
    const free = replica.kv.free - lane.spareBlocks + lane.firstStepBlocks
    this.#parts.shorten(lane, Math.max(1, lane.stepsWithin(free, segment.steps)))
    replica.kv.notePeak(replica.usedBefore(now))
  }

  #note(slot: Slot, readyAt: number): void {
    if (slot >= this.#targets.length) {
      const { capacity } = this.#parts.table
      this.#events = widenedInt(this.#events, capacity)
      this.#targets = widenedInt(this.#targets, capacity)
      this.#readyAt = widened(this.#readyAt, capacity)
      this.#arrivedAt = widened(this.#arrivedAt, capacity)
      this.#computeSeconds = widened(this.#computeSeconds, capacity)
      this.#startedAt = widened(this.#startedAt, capacity)
      this.#sentBytes = widened(this.#sentBytes, capacity)
    }
    this.#readyAt[slot] = readyAt
    this.#arrivedAt[slot] = NaN
  }
}

/** KV blocks of a KV cache that a decode replica's requests hold already. */
function heldPrefix(replica: Replica, slot: Slot, tokens: number, now: number): number {
  const { cache } = replica
  if (cache === undefined) return 0
  cache.settle(replica.usedBefore(now))
  return cache.heldForTransfer(slot, tokens)
}

/** Takes the KV blocks that a decode replica has of a KV cache, and need not be sent; returns how many. */
function takePrefix({ cache, kv }: Replica, slot: Slot, tokens: number): number {
  if (cache === undefined) return 0
  const blocks = cache.acquireForTransfer(slot, tokens)
  cache.countTransferHit(slot, tokens, blocks * kv.size)
  return blocks
}

function widened(column: Float64Array, length: number): Float64Array {
  const wide = new Float64Array(length)
  wide.set(column)
  return wide
}

function widenedInt(column: Int32Array, length: number): Int32Array {
  const wide = new Int32Array(length)
  wide.set(column)
  return wide
}

function hasEvicted(lane: Lane): boolean {
  return lane.evicted > 0
}
