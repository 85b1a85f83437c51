import type { Slot } from '@llmsim/contracts'
import type { EventHandle, EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import type { KvHandover } from './kv-handover.js'
import type { Lane } from './lane.js'
import { leaveLane } from './lane-departure.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'
import { LEAVING, WAITING } from './request-table.js'

export interface WithdrawalParts {
  readonly queue: EventQueue
  readonly table: RequestTable
  readonly lanes: readonly Lane[]
  /** The replica of each lane. */
  readonly replicas: readonly Replica[]
  readonly handover: KvHandover | undefined
  /** A request left a lane's queue: its plan may be another one, from the next step on. */
  changed(lane: Lane): void
  /** KV blocks of a replica became free. */
  released(replica: Replica): void
  /** Takes a request that waits for a replica out of where it does so. */
  unpark(slot: Slot): void
  /** A request is out of the system. */
  gone(slot: Slot, now: number): void
}

/**
 * Takes requests out of the system that nobody waits for any more. Where one waits or is on its way it is
 * gone at once; in a step that runs, at the end of that step, which it is part of.
 */
export class RequestWithdrawal {
  readonly #parts: WithdrawalParts
  /** By slot: the event of its entry, while it passes the front end. */
  #entries: Int32Array = new Int32Array(64).fill(NO_EVENT)

  constructor(parts: WithdrawalParts) {
    this.#parts = parts
  }

  /** A request enters at the time of an event; `NO_EVENT`: it has. */
  entering(slot: Slot, event: EventHandle): void {
    if (slot >= this.#entries.length) {
      const entries = new Int32Array(this.#parts.table.capacity).fill(NO_EVENT)
      entries.set(this.#entries)
      this.#entries = entries
    }
    this.#entries[slot] = event
  }

  /** Takes a request out. */
  begin(slot: Slot, now: number): void {
    const { queue, table, lanes, replicas } = this.#parts
    const number = table.lane[slot]!
    if (number < 0) {
      const entry = this.#entries[slot] ?? NO_EVENT
      if (entry === NO_EVENT) this.#parts.unpark(slot)
      else {
        queue.cancel(entry)
        this.#entries[slot] = NO_EVENT
      }
      this.#parts.gone(slot, now)
      return
    }
    const lane = lanes[number]!
    const replica = replicas[number]!
    if (table.stage[slot] === LEAVING) this.#takeOffItsWay(slot, replica, now)
    else if (table.stage[slot] === WAITING || !lane.segment.active)
      this.#takeFromLane(slot, lane, now)
    else {
      lane.doomed.push(slot, 0)
      this.#parts.changed(lane)
    }
  }

  /** Takes those out whose step is over; whether there were any. */
  end(lane: Lane, now: number): boolean {
    const { doomed } = lane
    if (doomed.size === 0) return false
    const { table, replicas } = this.#parts
    const slots = doomed.slots.slice(0, doomed.size)
    doomed.size = 0
    for (const slot of slots) {
      lane.chunks.remove(slot)
      lane.tellLeft(slot, lane.generatedTokens(slot))
      const computed = leaveLane(lane, slot)
      lane.free(slot, computed, true)
      table.blocks[slot] = 0
      replicas[lane.id]!.outstanding--
      this.#parts.gone(slot, now)
    }
    return true
  }

  /** A request waits, or its lane stands still. */
  #takeFromLane(slot: Slot, lane: Lane, now: number): void {
    const { table, replicas } = this.#parts
    const replica = replicas[lane.id]!
    replica.sampleUntil(now)
    lane.tellLeft(slot, lane.generatedTokens(slot))
    const holds = table.blocks[slot]! > 0 || table.stage[slot] !== WAITING
    const computed = leaveLane(lane, slot)
    if (holds) replica.free(slot, computed, now)
    table.blocks[slot] = 0
    replica.outstanding--
    this.#parts.gone(slot, now)
    this.#parts.changed(lane)
    this.#parts.released(replica)
  }

  /** Its KV cache waits for room on a decode replica, or is being sent. */
  #takeOffItsWay(slot: Slot, replica: Replica, now: number): void {
    const { table, handover } = this.#parts
    const target = handover!.withdraw(slot, now)
    replica.sampleUntil(now)
    replica.free(slot, table.prefillTarget[slot]!, now)
    table.blocks[slot] = 0
    replica.outstanding--
    this.#parts.gone(slot, now)
    this.#parts.released(replica)
    if (target !== undefined) this.#parts.released(target)
  }
}
