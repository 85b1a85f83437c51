import type { FaultsSpec, SimulationSpec } from '@llmsim/contracts'
import { EventQueue, LogHistogram } from '@llmsim/engine'
import { ExactDistribution, RequestMetrics } from '@llmsim/metrics'
import { AdapterColumn } from './adapter-column.js'
import { DeciderDesk } from './decider-desk.js'
import { Entrance } from './entrance.js'
import { EventLoop } from './event-loop.js'
import { setObjectives } from './first-token-objectives.js'
import { Gateway } from './gateway.js'
import { GroupStatistics } from './group-statistics.js'
import { stationOf, type EncodeStation } from './encode-station.js'
import { KvHandover } from './kv-handover.js'
import { KvTransfer } from './kv-transfer.js'
import type { Lane } from './lane.js'
import { Observation } from './observation.js'
import { Outages } from './outages.js'
import type { PartDistribution } from './part-distribution.js'
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
import { Timetable } from './timetable.js'
import { gapDistributions } from './token-bursts.js'

/** One run: its parts, put together. */
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
  /** What moves them through time. */
  readonly loop: EventLoop

  constructor(spec: SimulationSpec) {
    this.spec = spec
    this.#intake = new RequestIntake(spec)
    const newDistribution = (): PartDistribution =>
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
    this.loop = new EventLoop({
      ...parts,
      timetable: this.#timetable,
      set: this.#set,
      ledger: this.ledger,
      cycle: this.#cycle,
      entrance: this.#entrance,
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
        this.#entrance.refuse(slot)
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
}
