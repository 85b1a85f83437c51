import type { Distribution, FaultsSpec, SimulationSpec, Slot } from '@llmsim/contracts'
import { EventQueue, LogHistogram } from '@llmsim/engine'
import { ExactDistribution, RequestMetrics } from '@llmsim/metrics'
import { AdapterColumn } from './adapter-column.js'
import { DeciderDesk } from './decider-desk.js'
import { Entrance } from './entrance.js'
import { setObjectives } from './first-token-objectives.js'
import { Gateway } from './gateway.js'
import { GroupStatistics } from './group-statistics.js'
import { stationOf, type EncodeStation } from './encode-station.js'
import { FIRST_CLIENT_TAG } from './impatient-clients.js'
import { KvHandover } from './kv-handover.js'
import { KvTransfer } from './kv-transfer.js'
import type { Lane } from './lane.js'
import { LANE_PRIORITY } from './event-priority.js'
import { Observation } from './observation.js'
import { Outages } from './outages.js'
import { broken } from './plan-application.js'
import { PoolSet } from './pool-set.js'
import { recentRequests, scalePools } from './pool-scaling.js'
import type { Pool } from './pool.js'
import { prefixPartsOf } from './prefix-parts.js'
import type { Replica } from './replica.js'
import { RequestIntake } from './request-intake.js'
import { RequestLedger } from './request-ledger.js'
import { RequestTable } from './request-table.js'
import { RunClock } from './run-clock.js'
import type { StartUpParts } from './start-up.js'
import { StepCycle } from './step-cycle.js'
import { StepMetrics } from './step-metrics.js'
import { TierReads } from './tier-reads.js'
import { FIRST_APPOINTMENT, Timetable } from './timetable.js'
import { gapDistributions } from './token-bursts.js'

/** Closed loop: a client that was not let in sends its next request. */
const VACANCY_TAG = FIRST_CLIENT_TAG - 1
/** Closed loop: seconds after which it does, unless it says so. */
const REFUSAL_PAUSE = 1
/** Faults and repairs in a row after which requests that wait for a replica are left. */
const HOPELESS = 100_000

/** One run: its parts put together, and the loop that moves them through time. */
export class SimulationRun {
  readonly spec: SimulationSpec
  readonly pools: readonly Pool[]
  readonly requests: RequestMetrics
  readonly steps: StepMetrics
  readonly transfer: KvTransfer | undefined
  readonly groups: GroupStatistics | undefined
  readonly gateway: Gateway | undefined
  readonly outages: Outages | undefined
  readonly desk: DeciderDesk | undefined
  readonly station: EncodeStation | undefined
  readonly ledger: RequestLedger
  readonly clock: RunClock = new RunClock()
  /** Whether it was ended before its time. */
  stopped: boolean = false
  readonly table: RequestTable = new RequestTable(64)
  readonly #set: PoolSet
  readonly #lanes: readonly Lane[]
  /** The replica of each lane. */
  readonly #replicas: readonly Replica[]
  readonly #queue: EventQueue = new EventQueue()
  readonly #timetable: Timetable = new Timetable(this.#queue)
  readonly #handover: KvHandover | undefined
  readonly #intake: RequestIntake
  readonly #observation: Observation | undefined
  readonly #cycle: StepCycle
  readonly #entrance: Entrance
  /** When the drain ends. */
  readonly #limit: number
  /** The lane whose segment ends before anything else happens. */
  #upNext: Lane | undefined

  constructor(spec: SimulationSpec) {
    this.spec = spec
    this.#intake = new RequestIntake(spec)
    this.#limit = spec.durationSeconds + (spec.drainSeconds ?? Infinity)
    const newDistribution = (): Distribution =>
      spec.exactQuantiles === true ? new ExactDistribution() : new LogHistogram()
    const start = spec.warmUpSeconds
    const end = spec.durationSeconds
    setObjectives(this.table, spec)
    this.requests = new RequestMetrics({
      newDistribution,
      startSeconds: start,
      endSeconds: end,
      objectives: spec.objectives,
      classes: spec.classes,
    })
    const newGaps = gapDistributions(spec, newDistribution)
    this.steps = new StepMetrics(newGaps(), start, end)
    const tierReads = spec.pools.some((pool) => (pool.prefixCaching?.tiers ?? []).length > 0)
      ? new TierReads(this.table)
      : undefined
    this.table.prefix = prefixPartsOf(spec, newDistribution, tierReads)
    this.station = stationOf(spec, this.table, newDistribution)
    if (spec.adapters !== undefined) this.table.adapters = new AdapterColumn(spec.adapters)
    this.#set = new PoolSet(spec, this.table)
    this.pools = this.#set.pools
    this.#lanes = this.#set.lanes
    this.#replicas = this.#set.replicas
    if (spec.kvTransfer !== undefined && this.#set.decode.pools.length > 0) {
      this.transfer = new KvTransfer({
        spec: spec.kvTransfer,
        pools: this.pools,
        timetable: this.#timetable,
        times: newDistribution(),
        windowStart: start,
        windowEnd: end,
      })
      this.#handover = this.#handoverOf(this.transfer)
    }
    if (GroupStatistics.has(spec)) {
      this.groups = new GroupStatistics({
        spec,
        pools: this.pools,
        lanes: this.#lanes,
        table: this.table,
        handover: this.#handover,
        newDistribution,
        newGaps,
      })
      this.steps.groups = this.groups
    }
    if (spec.observer !== undefined)
      this.#observation = new Observation({
        observer: spec.observer,
        table: this.table,
        lanes: this.#lanes,
        replicas: this.#replicas,
        pools: this.pools,
        handover: this.#handover,
        firstTokenFromDecode: spec.firstTokenFrom === 'decode',
      })
    for (const pool of this.pools) pool.delaySignals(this.#timetable)
    const recent = recentRequests(spec, this.table, this.#set)
    const starting = this.#starting()
    scalePools({ spec, set: this.#set, table: this.table, recent, starting })
    if (Gateway.has(spec)) this.gateway = this.#gatewayOf(spec)
    if (spec.faults !== undefined) this.outages = this.#outagesOf(spec.faults, starting, tierReads)
    if (spec.decider !== undefined && this.#handover !== undefined)
      this.desk = new DeciderDesk({
        decider: spec.decider,
        set: this.#set,
        handover: this.#handover,
      })
    const parts = {
      spec,
      clock: this.clock,
      queue: this.#queue,
      table: this.table,
      intake: this.#intake,
      gateway: this.gateway,
      handover: this.#handover,
      observation: this.#observation,
      recent,
    }
    this.ledger = new RequestLedger({ ...parts, requests: this.requests, groups: this.groups })
    this.#cycle = new StepCycle({
      ...parts,
      stepByStep: spec.stepByStep === true,
      firstTokenFromDecode: spec.firstTokenFrom === 'decode',
      lanes: this.#lanes,
      replicas: this.#replicas,
      groups: this.#set.groups,
      steps: this.steps,
      ledger: this.ledger,
    })
    this.#entrance = new Entrance({
      ...parts,
      ledger: this.ledger,
      cycle: this.#cycle,
      pools: this.#set.entry,
      lanes: this.#lanes.length,
      tierReads,
      desk: this.desk,
      station: this.station,
    })
  }

  /** The way of KV caches from prefill to decode replicas. */
  #handoverOf(transfer: KvTransfer): KvHandover {
    return new KvHandover({
      queue: this.#queue,
      table: this.table,
      group: this.#set.decode,
      promises: this.#set.promises,
      transfer,
      recomputed: this.spec.firstTokenFrom === 'decode' ? 1 : 0,
      replicaOf: (slot) => this.#replicas[this.table.lane[slot]!]!,
      replicaOfLane: (lane) => this.#replicas[lane]!,
      measures: (time) => this.steps.measures(time),
      shorten: (lane, steps) => {
        this.#cycle.shorten(lane, steps)
      },
      released: (replica) => {
        this.#cycle.memoryFreed(replica)
      },
      arrived: (slot, replica) => {
        this.#cycle.enqueue(slot, replica)
      },
      sent: (slot, target, times, bytes) => {
        this.#observation?.transfer(slot, target, times, bytes)
      },
    })
  }

  /** Who is let in, and what becomes of requests that nobody waits for. */
  #gatewayOf(spec: SimulationSpec): Gateway {
    return new Gateway({
      spec,
      queue: this.#queue,
      table: this.table,
      set: this.#set,
      handover: this.#handover,
      enter: (slot) => {
        this.#entrance.passFrontEnd(slot)
      },
      changed: (lane) => {
        this.#cycle.changed(lane)
      },
      released: (replica) => {
        this.#cycle.interrupt(replica)
      },
      refused: (slot) => {
        this.#refuse(slot)
      },
      failed: (slot) => {
        this.ledger.fail(slot)
      },
    })
  }

  /** How replicas start, and what becomes of the requests that wait for one. */
  #starting(): StartUpParts {
    return {
      timetable: this.#timetable,
      poolOf: ({ pool }) => this.pools[pool]!,
      available: ({ role }) => {
        if (role === 'decode') this.#handover!.admitParked(this.clock.now)
        if (role !== 'decode' || this.desk !== undefined) this.#entrance.unpark()
      },
    }
  }

  /** What breaks, and what becomes of the requests that it hits. */
  #outagesOf(
    faults: FaultsSpec,
    starting: StartUpParts,
    tierReads: TierReads | undefined,
  ): Outages {
    return new Outages({
      faults,
      table: this.table,
      queue: this.#queue,
      steps: this.steps,
      handover: this.#handover,
      transfer: this.transfer,
      set: this.#set,
      timetable: this.#timetable,
      starting,
      tierReads,
      observation: () => this.#observation,
      released: (replica) => {
        this.#cycle.interrupt(replica)
      },
      abandoned: (slot, now) => this.gateway?.lost(slot, now) ?? false,
      enterAgain: (slot, time) => {
        this.#entrance.enterAt(slot, time)
      },
      failed: (slot) => {
        this.ledger.fail(slot)
      },
    })
  }

  /** Takes in the first requests. */
  begin(): void {
    const { concurrency } = this.spec
    if (concurrency === undefined) this.#intake.advance()
    else {
      this.ledger.vacancies = concurrency
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
        this.clock.advanceTo(intake.nextArrival, this.table.inUse)
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
      this.clock.advanceTo(next, this.table.inUse)
      if (queue.tag >= 0 && queue.tag < this.#lanes.length) this.#laneEvent(this.#lanes[queue.tag]!)
      else this.#otherEvent(queue.tag)
      while (this.#upNext !== undefined) {
        const lane: Lane = this.#upNext
        this.#upNext = undefined
        this.clock.advanceTo(lane.segment.end, this.table.inUse)
        this.#laneEvent(lane)
      }
    }
    return false
  }

  /** Ends the run where it is: what was done until now counts. */
  stop(): void {
    this.stopped = true
    this.#stopAt(this.clock.now)
  }

  /** The run is over: closes the books. */
  end(): void {
    const { now } = this.clock
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
    if (this.ledger.vacancies > 0) this.#entrance.fillVacancies()
    if (!cycle.startStep(lane)) return
    // What comes next for sure need not pass through the queue.
    const { end } = lane.segment
    if (end < this.#queue.nextTime && end < this.#intake.nextArrival && end <= this.#limit)
      this.#upNext = lane
    else lane.event = this.#queue.schedule(end, LANE_PRIORITY + lane.id, lane.id)
  }

  /** A transfer ends, a request enters, or what clients, faults and timers ask for happens. */
  #otherEvent(tag: number): void {
    const { now } = this.clock
    const { ledger } = this
    if (tag < 0) this.#handover!.end(-tag - 1, now)
    else if (tag < VACANCY_TAG) this.#entrance.event(tag - this.#lanes.length)
    else {
      if (tag >= FIRST_APPOINTMENT) this.#timetable.keep(tag, now)
      else if (tag === VACANCY_TAG) ledger.vacancies++
      else this.gateway!.event(tag, now)
      if (ledger.vacancies > 0) this.#entrance.fillVacancies()
    }
  }

  /** A request is not let in. A client of a closed loop then sends its next one after a pause. */
  #refuse(slot: Slot): void {
    this.ledger.refuse(slot)
    if (this.spec.concurrency === undefined) return
    const { backoffSeconds: pause = 0 } = this.spec.client ?? {}
    const time = this.clock.now + (pause > 0 ? pause : REFUSAL_PAUSE)
    this.#queue.schedule(time, 0, VACANCY_TAG)
  }

  /** Whether nothing is left to serve, or nothing is ahead that could serve it. */
  #isOver(): boolean {
    if (this.#intake.nextArrival !== Infinity) return false
    if (this.table.inUse === 0) return true
    if (!this.#timetable.isAlone) return false
    const hopeless = this.#timetable.keptInRow > HOPELESS
    return hopeless || !this.#set.hasHope
  }

  /** Ends the run at a time at which steps are still running. */
  #stopAt(limit: number): void {
    this.#cycle.stopAt(limit)
    this.clock.advanceTo(limit, this.table.inUse)
  }

  /** Errors: `CONTRACT` where nothing is ahead, though the replicas are there that requests wait for. */
  #checkProgress(): void {
    const { inUse } = this.table
    if (inUse === 0 || (this.#queue.nextTime !== Infinity && !this.#timetable.isAlone)) return
    // Those that wait for a replica may hold what the others wait for.
    if (this.#set.parked > 0) return
    const lane = this.#lanes.find((each) => each.load > 0) ?? this.#lanes[0]!
    broken(lane, `left ${inUse} requests unserved: nothing will wake it`)
  }
}
