import type { SimulationSpec } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import { VACANCY_TAG, type Entrance } from './entrance.js'
import { LANE_PRIORITY } from './event-priority.js'
import type { Gateway } from './gateway.js'
import type { KvHandover } from './kv-handover.js'
import type { Lane } from './lane.js'
import type { Observation } from './observation.js'
import { broken } from './plan-application.js'
import type { PoolSet } from './pool-set.js'
import type { Replica } from './replica.js'
import type { RequestIntake } from './request-intake.js'
import type { RequestLedger } from './request-ledger.js'
import type { RequestTable } from './request-table.js'
import type { RunClock } from './run-clock.js'
import type { StepCycle } from './step-cycle.js'
import { FIRST_APPOINTMENT, type Timetable } from './timetable.js'

/** Faults and repairs in a row after which requests that wait for a replica are left. */
const HOPELESS = 100_000

export interface LoopParts {
  readonly spec: SimulationSpec
  readonly clock: RunClock
  readonly queue: EventQueue
  readonly timetable: Timetable
  readonly table: RequestTable
  readonly set: PoolSet
  readonly intake: RequestIntake
  readonly ledger: RequestLedger
  readonly cycle: StepCycle
  readonly entrance: Entrance
  readonly gateway: Gateway | undefined
  readonly handover: KvHandover | undefined
  readonly observation: Observation | undefined
}

/** Moves a run through time: takes the next arrival or event, whichever comes first, and has its part act on it. */
export class EventLoop {
  /** Whether it was ended before its time. */
  stopped: boolean = false
  readonly #spec: SimulationSpec
  readonly #clock: RunClock
  readonly #queue: EventQueue
  readonly #timetable: Timetable
  readonly #table: RequestTable
  readonly #set: PoolSet
  readonly #lanes: readonly Lane[]
  /** The replica of each lane. */
  readonly #replicas: readonly Replica[]
  readonly #intake: RequestIntake
  readonly #ledger: RequestLedger
  readonly #cycle: StepCycle
  readonly #entrance: Entrance
  readonly #gateway: Gateway | undefined
  readonly #handover: KvHandover | undefined
  readonly #observation: Observation | undefined
  /** When the drain ends. */
  readonly #limit: number
  /** The lane whose segment ends before anything else happens. */
  #upNext: Lane | undefined

  constructor(parts: LoopParts) {
    const { spec, set } = parts
    this.#spec = spec
    this.#clock = parts.clock
    this.#queue = parts.queue
    this.#timetable = parts.timetable
    this.#table = parts.table
    this.#set = set
    this.#lanes = set.lanes
    this.#replicas = set.replicas
    this.#intake = parts.intake
    this.#ledger = parts.ledger
    this.#cycle = parts.cycle
    this.#entrance = parts.entrance
    this.#gateway = parts.gateway
    this.#handover = parts.handover
    this.#observation = parts.observation
    this.#limit = spec.durationSeconds + (spec.drainSeconds ?? Infinity)
  }

  /** Takes in the first requests. */
  begin(): void {
    const { concurrency } = this.#spec
    if (concurrency === undefined) this.#intake.advance()
    else {
      this.#ledger.vacancies = concurrency
      this.#entrance.fillVacancies()
    }
  }

  /**
   * Runs on for so many events, or to the end of the traffic and its drain.
   *
   * @returns whether that end is reached
   */
  advance(events: number): boolean {
    const queue = this.#queue
    const intake = this.#intake
    for (let left = events; left > 0; left--) {
      const next = queue.nextTime
      if (intake.nextArrival <= next) {
        if (intake.nextArrival === Infinity) return true
        this.#clock.advanceTo(intake.nextArrival, this.#table.inUse)
        intake.take()
        this.#entrance.arrive()
        intake.advance()
        continue
      }
      if (this.#timetable.inUse && this.#isOver()) return true
      if (next > this.#limit) {
        this.#stopAt(this.#limit)
        return true
      }
      queue.pop()
      this.#clock.advanceTo(next, this.#table.inUse)
      if (queue.tag >= 0 && queue.tag < this.#lanes.length) this.#laneEvent(this.#lanes[queue.tag]!)
      else this.#otherEvent(queue.tag)
      while (this.#upNext !== undefined) {
        const lane: Lane = this.#upNext
        this.#upNext = undefined
        this.#clock.advanceTo(lane.segment.end, this.#table.inUse)
        this.#laneEvent(lane)
      }
    }
    return false
  }

  /** Ends the run where it is: what was done until now counts. */
  stop(): void {
    this.stopped = true
    this.#stopAt(this.#clock.now)
  }

  /** The run is over: closes the books. */
  end(): void {
    const { now } = this.#clock
    for (const replica of this.#replicas) {
      replica.sampleUntil(now)
      replica.cache?.settle(replica.usedAt(now))
    }
    if (!this.stopped) this.#checkProgress()
    this.#observation?.ended(now)
  }

  #laneEvent(lane: Lane): void {
    const cycle = this.#cycle
    cycle.endStep(lane)
    if (this.#ledger.vacancies > 0) this.#entrance.fillVacancies()
    if (!cycle.startStep(lane)) return
    // What comes next for sure need not pass through the queue.
    const { end } = lane.segment
    if (end < this.#queue.nextTime && end < this.#intake.nextArrival && end <= this.#limit)
      this.#upNext = lane
    else lane.event = this.#queue.schedule(end, LANE_PRIORITY + lane.id, lane.id)
  }

  /** A transfer ends, a request enters, or what clients, faults and timers ask for happens. */
  #otherEvent(tag: number): void {
    const { now } = this.#clock
    const ledger = this.#ledger
    if (tag < 0) this.#handover!.end(-tag - 1, now)
    else if (tag < VACANCY_TAG) this.#entrance.event(tag - this.#lanes.length)
    else {
      if (tag >= FIRST_APPOINTMENT) this.#timetable.keep(tag, now)
      else if (tag === VACANCY_TAG) ledger.vacancies++
      else this.#gateway!.event(tag, now)
      if (ledger.vacancies > 0) this.#entrance.fillVacancies()
    }
  }

  /** Whether nothing is left to serve, or nothing is ahead that could serve it. */
  #isOver(): boolean {
    if (this.#intake.nextArrival !== Infinity) return false
    if (this.#table.inUse === 0) return true
    if (!this.#timetable.isAlone) return false
    const hopeless = this.#timetable.keptInRow > HOPELESS
    return hopeless || !this.#set.hasHope
  }

  /** Ends the run at a time at which steps are still running. */
  #stopAt(limit: number): void {
    this.#cycle.stopAt(limit)
    this.#clock.advanceTo(limit, this.#table.inUse)
  }

  /** Errors: `CONTRACT` where nothing is ahead, though the replicas are there that requests wait for. */
  #checkProgress(): void {
    const { inUse } = this.#table
    if (inUse === 0 || (this.#queue.nextTime !== Infinity && !this.#timetable.isAlone)) return
    // Those that wait for a replica may hold what the others wait for.
    if (this.#set.parked > 0) return
    const lane = this.#lanes.find((each) => each.load > 0) ?? this.#lanes[0]!
    broken(lane, `left ${inUse} requests unserved: nothing will wake it`)
  }
}
