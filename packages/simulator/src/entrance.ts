import type { SimulationSpec, Slot } from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import type { DeciderDesk } from './decider-desk.js'
import type { EncodeStation } from './encode-station.js'
import { ENTRY_PRIORITY } from './event-priority.js'
import { FrontEnd } from './front-end.js'
import { FIRST_CLIENT_TAG } from './impatient-clients.js'
import type { Gateway } from './gateway.js'
import type { PoolGroup } from './pool-group.js'
import type { RequestIntake } from './request-intake.js'
import type { RequestLedger } from './request-ledger.js'
import type { RequestTable } from './request-table.js'
import type { RunClock } from './run-clock.js'
import type { StepCycle } from './step-cycle.js'
import type { TierReads } from './tier-reads.js'

/** Closed loop: requests refused in a row after which no successor is sought. */
const REFUSALS = 100_000
/** Closed loop: a client that was not let in sends its next request. */
export const VACANCY_TAG: number = FIRST_CLIENT_TAG - 1
/** Closed loop: seconds after which it does, unless it says so. */
const REFUSAL_PAUSE = 1

export interface EntranceParts {
  readonly spec: SimulationSpec
  readonly clock: RunClock
  readonly queue: EventQueue
  readonly table: RequestTable
  readonly intake: RequestIntake
  readonly ledger: RequestLedger
  readonly cycle: StepCycle
  /** The pools that requests enter. */
  readonly pools: PoolGroup
  /** Number of lanes: a request's event has the number after theirs. */
  readonly lanes: number
  readonly tierReads: TierReads | undefined
  readonly desk: DeciderDesk | undefined
  readonly station: EncodeStation | undefined
  readonly gateway: Gateway | undefined
}

/** The way of a request from its arrival to the queue of a lane. */
export class Entrance {
  readonly #spec: SimulationSpec
  readonly #clock: RunClock
  readonly #queue: EventQueue
  readonly #table: RequestTable
  readonly #intake: RequestIntake
  readonly #ledger: RequestLedger
  readonly #cycle: StepCycle
  readonly #pools: PoolGroup
  readonly #lanes: number
  readonly #tierReads: TierReads | undefined
  readonly #desk: DeciderDesk | undefined
  readonly #station: EncodeStation | undefined
  readonly #gateway: Gateway | undefined
  readonly #frontEnd: FrontEnd
  #refusedInRow = 0

  constructor(parts: EntranceParts) {
    this.#spec = parts.spec
    this.#clock = parts.clock
    this.#queue = parts.queue
    this.#table = parts.table
    this.#intake = parts.intake
    this.#ledger = parts.ledger
    this.#cycle = parts.cycle
    this.#pools = parts.pools
    this.#lanes = parts.lanes
    this.#tierReads = parts.tierReads
    this.#desk = parts.desk
    this.#station = parts.station
    this.#gateway = parts.gateway
    this.#frontEnd = new FrontEnd(parts.spec)
  }

  /** Closed loop: sends a successor for each request that left. Errors: `DOES_NOT_FIT` if none ever can. */
  fillVacancies(): void {
    const ledger = this.#ledger
    while (ledger.vacancies > 0) {
      ledger.vacancies--
      if (this.#clock.now > this.#spec.durationSeconds || !this.#intake.pull()) {
        ledger.vacancies = 0
        return
      }
      this.#intake.draft.arrivalSeconds = this.#clock.now
      if (this.arrive()) this.#refusedInRow = 0
      else if (++this.#refusedInRow < REFUSALS) ledger.vacancies++
      else
        throw new SimulatorError({
          code: 'DOES_NOT_FIT',
          path: 'workload',
          message: `${REFUSALS} requests in a row are too long for the KV cache of a replica`,
          accepted: 'shorter requests, or more memory per replica',
        })
    }
  }

  /** Lets the drafted request into the system; false when it can never fit and is refused. */
  arrive(): boolean {
    const { draft } = this.#intake
    const number = this.#ledger.arrive(draft)
    if (!this.#pools.fits(draft.promptTokens, draft.outputTokens)) {
      this.#ledger.rejectTooLong(draft, number)
      return false
    }
    const slot = this.#table.open(draft)
    this.#table.number[slot] = number
    if (this.#gateway === undefined) this.passFrontEnd(slot)
    else this.#gateway.arrived(slot, this.#clock.now)
    return true
  }

  /** A request is not let in. A client of a closed loop then sends its next one after a pause. */
  refuse(slot: Slot): void {
    this.#ledger.refuse(slot)
    if (this.#spec.concurrency === undefined) return
    const { backoffSeconds: pause = 0 } = this.#spec.client ?? {}
    const time = this.#clock.now + (pause > 0 ? pause : REFUSAL_PAUSE)
    this.#queue.schedule(time, 0, VACANCY_TAG)
  }

  /** Lets a request pass the front end, and have its images encoded, which may hold it for a while. */
  passFrontEnd(slot: Slot): void {
    if (!this.#frontEnd.holds && this.#station === undefined) {
      this.#enter(slot)
      return
    }
    const { now } = this.#clock
    const passedAt = this.#frontEnd.doneAt(now, this.#table.prompt[slot]!)
    const entersAt = this.#station === undefined ? passedAt : this.#station.doneAt(slot, passedAt)
    if (entersAt === now) this.#enter(slot)
    else this.enterAt(slot, entersAt)
  }

  /** Lets a request enter at a later time. */
  enterAt(slot: Slot, time: number): void {
    const event = this.#queue.schedule(time, ENTRY_PRIORITY, this.#lanes + slot)
    this.#gateway?.entering(slot, event)
  }

  /** The event of a request has come: it enters, or what it read from the tiers is here. */
  event(slot: Slot): void {
    if (this.#tierReads?.isReading(slot) === true)
      this.#cycle.enqueue(slot, this.#tierReads.end(slot, this.#clock.now))
    else this.#enter(slot)
  }

  /** Replicas can take requests again: those that found none go there. */
  unpark(): void {
    const { parked } = this.#pools
    for (let left = parked.size; left > 0; left--) {
      const slot = parked.head
      parked.remove(slot)
      this.#enter(slot)
    }
  }

  /** Routes a request that the front end is done with, or that lost its replica. */
  #enter(slot: Slot): void {
    const { now } = this.#clock
    this.#gateway?.entering(slot, NO_EVENT)
    const replica =
      this.#desk?.choose(slot, now) ?? this.#pools.only ?? this.#pools.route(slot, now)
    if (replica === undefined) {
      this.#pools.parked.pushBack(slot)
      return
    }
    replica.requests++
    replica.outstanding++
    this.#desk?.count(replica)
    this.#table.entryLane[slot] = replica.lanes[0]!.id
    if (Number.isNaN(this.#table.entered[slot]!)) this.#table.entered[slot] = now
    if (this.#tierReads !== undefined && replica.cache?.tiers !== undefined) {
      const ready = this.#tierReads.begin(slot, replica, now)
      if (ready > now) {
        const event = this.#queue.schedule(ready, ENTRY_PRIORITY, this.#lanes + slot)
        this.#tierReads.awaits(slot, event)
        return
      }
    }
    this.#cycle.enqueue(slot, replica)
  }
}
