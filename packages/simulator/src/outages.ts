import type { FaultsSpec, Slot } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import { FaultProcesses } from './fault-processes.js'
import type { KvHandover } from './kv-handover.js'
import type { KvTransfer } from './kv-transfer.js'
import type { Observation } from './observation.js'
import type { PoolSet } from './pool-set.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'
import { FREE, LEAVING, WAITING } from './request-table.js'
import { leaveLane } from './lane-departure.js'
import { abortSegment } from './segment-abort.js'
import { startUp, type StartUpParts } from './start-up.js'
import type { StepMetrics } from './step-metrics.js'
import type { TierReads } from './tier-reads.js'
import type { Timetable } from './timetable.js'

export interface OutageParts {
  readonly faults: FaultsSpec
  readonly table: RequestTable
  readonly queue: EventQueue
  readonly steps: StepMetrics
  readonly handover: KvHandover | undefined
  readonly transfer: KvTransfer | undefined
  readonly set: PoolSet
  readonly timetable: Timetable
  readonly starting: StartUpParts
  /** What is read from the tiers, where there are any. */
  readonly tierReads: TierReads | undefined
  /** Who is told what happens. */
  observation(): Observation | undefined
  /** KV blocks of a replica became free. */
  released(replica: Replica): void
  /** Whether nobody waits for a lost request any more: then it has been dealt with. */
  abandoned(slot: Slot, now: number): boolean
  /** Routes a request again, at a time. */
  enterAgain(slot: Slot, time: number): void
  /** A request is given up. */
  failed(slot: Slot): void
}

/**
 * What becomes of requests whose replica breaks: its KV cache and its queue are gone, and they are served
 * again elsewhere, or have failed. A KV cache on its way to a decode replica that breaks is sent again.
 */
export class Outages {
  replicaFaults: number = 0
  /** Requests that were served again, each counted once; and how often that happened. */
  retriedRequests: number = 0
  retries: number = 0
  /** Output tokens that were generated in vain. */
  lostTokens: number = 0
  readonly #parts: OutageParts
  /** How often the request of a slot was served again, and that request's number. */
  #retries: Int32Array = new Int32Array(64)
  #numbers: Float64Array = new Float64Array(64)

  constructor(parts: OutageParts) {
    this.#parts = parts
    new FaultProcesses(parts.faults, {
      timetable: parts.timetable,
      pools: parts.set.pools,
      strike: (replicas, what, now) => {
        this.strike(replicas, what, now)
      },
      repair: (replica, now) => {
        this.repair(replica, now)
      },
      scaleLink: (factor, now) => {
        parts.transfer?.scale(factor, now)
      },
    })
  }

  /** Breaks replicas, all at once, each by itself or with its node. */
  strike(replicas: readonly Replica[], what: 'replica' | 'node', now: number): void {
    const { table, set } = this.#parts
    const lost: Slot[] = []
    const redirected: Slot[] = []
    const freed = new Set<Replica>()
    for (const replica of replicas) {
      const { state } = replica
      // Where there is none it breaks a place for one.
      if (state !== 'off') this.replicaFaults++
      if (replica.faults++ > 0 || state === 'off') continue
      replica.brokeAt = now
      replica.down.start(now)
      replica.state = 'down'
      set.pools[replica.pool]!.refresh()
      if (state !== 'available' && state !== 'draining') continue
      this.#clear(replica, what, now, lost, redirected, freed)
      // It was to go when it had served what it had.
      if (state === 'draining') replica.giveBack(now)
    }
    for (const { lanes } of replicas)
      for (const { group } of lanes) if (group !== undefined) group.running = false
    for (const target of freed) if (target.serves) this.#parts.released(target)
    const inOrder = (a: Slot, b: Slot): number => table.number[a]! - table.number[b]!
    for (const slot of redirected.sort(inOrder))
      // Its prefill replica may have broken as well.
      if (table.stage[slot] === LEAVING) this.#redirect(slot, now)
    for (const slot of lost.sort(inOrder)) this.#retry(slot, now)
  }

  /** One fault of a replica is repaired; after the last one it starts, and can take requests then. */
  repair(replica: Replica, now: number): void {
    if (--replica.faults > 0 || replica.state === 'off') return
    const { startUpSeconds = 0 } = replica.spec
    const readyAt = Math.max(now, replica.thereAt) + startUpSeconds
    startUp([replica], now, readyAt, this.#parts.starting)
  }

  /** Empties a replica of its requests, `lost`, and of those on their way to it, `redirected`. */
  #clear(
    replica: Replica,
    what: 'replica' | 'node',
    now: number,
    lost: Slot[],
    redirected: Slot[],
    freed: Set<Replica>,
  ): void {
    const { table, handover, set, queue, steps } = this.#parts
    replica.sampleUntil(now)
    // What had to make room until now has gone to the tiers below.
    replica.cache?.settle(replica.usedBefore(now))
    for (const lane of replica.lanes) {
      if (lane.segment.active) abortSegment(lane, replica, now, steps, this.#parts.observation())
      else if (lane.inStep) lane.breakdown?.endAt(lane.segment, now)
      if (lane.event !== NO_EVENT) queue.cancel(lane.event)
      lane.event = NO_EVENT
    }
    for (let slot = 0; slot < table.capacity; slot++) {
      const stage = table.stage[slot]
      const lane = table.lane[slot]!
      if (stage === FREE || lane < 0) continue
      if (set.replicas[lane] === replica) {
        if (stage === LEAVING) {
          const target = handover!.withdraw(slot, now)
          if (target !== undefined) freed.add(target)
        } else
          leaveLane(
            replica.lanes.find(({ id }) => id === lane)!,
            slot,
          )
        replica.lanes[0]!.free(slot, 0, true)
        table.blocks[slot] = 0
        table.stage[slot] = WAITING
        lost.push(slot)
      } else if (stage === LEAVING && handover!.targetOf(slot) === replica) {
        handover!.withdraw(slot, now)
        redirected.push(slot)
      }
    }
    for (const slot of this.#parts.tierReads?.lose(replica, queue) ?? []) lost.push(slot)
    replica.cache?.clear(what, now)
    replica.adapters?.clear()
    set.promises?.forget(replica)
    for (const lane of replica.lanes) lane.restart(replica.spec.createScheduler())
    replica.stageFree.fill(0)
    replica.outstanding = 0
  }

  /** Sends a KV cache to another decode replica, or gives its request up: one may be sent for ever. */
  #redirect(slot: Slot, now: number): void {
    const { table, handover, set, faults } = this.#parts
    if (this.#retriesOf(slot) < faults.maxRetries) {
      this.#retries[slot]!++
      handover!.redirect(slot, now)
      return
    }
    const source = set.replicas[table.lane[slot]!]!
    source.sampleUntil(now)
    source.free(slot, table.prefillTarget[slot]!, now)
    source.outstanding--
    this.#parts.failed(slot)
    this.#parts.released(source)
  }

  /** Serves a lost request again, or gives it up. */
  #retry(slot: Slot, now: number): void {
    if (this.#parts.abandoned(slot, now)) return
    const { table, faults } = this.#parts
    table.promises?.release(slot)
    const before = this.#retriesOf(slot)
    if (before >= faults.maxRetries) {
      this.#parts.failed(slot)
      return
    }
    if (before === 0) this.retriedRequests++
    this.retries++
    this.#retries[slot] = before + 1
    const prefill = table.prompt[slot]! + table.generated[slot]!
    const more = table.output[slot]! - table.generated[slot]!
    // With what it had, the prompt may be more than any replica that prefills can hold.
    if (faults.retryFrom !== 'last-token' || !this.#parts.set.entry.fits(prefill, more))
      this.#startOver(slot)
    table.prefix?.paths.forgetLook(slot)
    table.prefillTarget[slot] = table.prompt[slot]! + table.generated[slot]!
    table.prefillDone[slot] = 0
    table.lane[slot] = -1
    this.#parts.enterAgain(slot, now + (faults.retryDelaySeconds ?? 0))
  }

  /** Forgets the tokens that a request has. */
  #startOver(slot: Slot): void {
    const { table } = this.#parts
    this.lostTokens += table.generated[slot]!
    table.generated[slot] = 0
  }

  #retriesOf(slot: Slot): number {
    const { table } = this.#parts
    if (slot >= this.#retries.length) {
      const retries = new Int32Array(table.capacity)
      retries.set(this.#retries)
      this.#retries = retries
      const numbers = new Float64Array(table.capacity)
      numbers.set(this.#numbers)
      this.#numbers = numbers
    }
    // The slot may have been another request's.
    if (this.#numbers[slot] !== table.number[slot]) this.#retries[slot] = 0
    this.#numbers[slot] = table.number[slot]!
    return this.#retries[slot]!
  }
}
