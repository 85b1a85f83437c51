import type { Distribution, FaultsSpec, SimulationSpec, Slot } from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'
import { EventQueue, LogHistogram, NO_EVENT } from '@llmsim/engine'
import { ExactDistribution, RequestMetrics } from '@llmsim/metrics'
import type { BarrierGroup } from './barrier-group.js'
import { FrontEnd } from './front-end.js'
import { GroupStatistics } from './group-statistics.js'
import { FIRST_CLIENT_TAG } from './impatient-clients.js'
import { Gateway } from './gateway.js'
import { KvHandover, TRANSFER_PRIORITY } from './kv-handover.js'
import { KvTransfer } from './kv-transfer.js'
import type { Lane } from './lane.js'
import { Observation } from './observation.js'
import { Outages } from './outages.js'
import { broken } from './plan-application.js'
import { PrefixPaths } from './prefix-paths.js'
import { PromptContents } from './prompt-contents.js'
import { setObjectives } from './first-token-objectives.js'
import type { PoolGroup } from './pool-group.js'
import { PoolSet } from './pool-set.js'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import { RequestIntake } from './request-intake.js'
import { RequestTable } from './request-table.js'
import { stopSegment } from './segment-stop.js'
import { StepMetrics } from './step-metrics.js'
import { gapDistributions } from './token-bursts.js'
import { StepStarter } from './step-starter.js'
import { TierReads } from './tier-reads.js'
import { FIRST_APPOINTMENT, Timetable } from './timetable.js'

/** Of equal times: arrivals come first, then transfers end, then requests enter, then batches act in order. */
const ENTRY_PRIORITY = TRANSFER_PRIORITY + 1
const LANE_PRIORITY = TRANSFER_PRIORITY + 2
/** Closed loop: requests refused in a row after which no successor is sought. */
const REFUSALS = 100_000
/** Closed loop: seconds after which a client that was not let in sends its next request, unless it says so. */
const REFUSAL_PAUSE = 1
const VACANCY_TAG = FIRST_CLIENT_TAG - 1
const PROGRESS_EVERY = 65_536
/** Faults and repairs in a row after which requests that wait for a replica are left. */
const HOPELESS = 100_000

/** One run: the state of the whole system and the loop that moves it through time. */
export class SimulationRun {
  readonly spec: SimulationSpec
  readonly pools: readonly Pool[]
  readonly requests: RequestMetrics
  readonly steps: StepMetrics
  readonly transfer: KvTransfer | undefined
  readonly groups: GroupStatistics | undefined
  readonly gateway: Gateway | undefined
  readonly outages: Outages | undefined
  rejected: number = 0
  /** Of those, the ones that can never fit. */
  tooLong: number = 0
  /** Requests given up after faults, and the seconds that they had been in the system. */
  failed: number = 0
  failedSeconds: number = 0
  /** Requests in the system, integrated over time. */
  requestSeconds: number = 0
  /** Whether it was ended before its time. */
  stopped: boolean = false
  /** The clock: time of the last event. */
  now: number = 0
  readonly table: RequestTable = new RequestTable(64)
  readonly #set: PoolSet
  readonly #lanes: readonly Lane[]
  /** The replica of each lane. */
  readonly #replicas: readonly Replica[]
  readonly #queue: EventQueue = new EventQueue()
  readonly #entry: PoolGroup
  readonly #tierReads: TierReads | undefined = undefined
  readonly #timetable: Timetable = new Timetable(this.#queue)
  readonly #handover: KvHandover | undefined
  readonly #starter: StepStarter
  readonly #intake: RequestIntake
  readonly #observation: Observation | undefined
  readonly #frontEnd: FrontEnd
  readonly #record = {
    arrivalSeconds: 0.5,
    startSeconds: 0.5,
    firstTokenSeconds: 0.5,
    finishSeconds: 0.5,
    outputTokens: 0,
    classId: -1,
  }
  /** Closed loop: completions whose successors have not arrived yet. */
  #vacancies = 0
  #refusedInRow = 0
  /** When the drain ends. */
  readonly #limit: number
  /** The lane whose segment ends before anything else happens. */
  #upNext: Lane | undefined
  /** The lane whose event is being handled: it plans by itself afterwards. */
  #current: Lane | undefined

  constructor(spec: SimulationSpec) {
    this.spec = spec
    this.#intake = new RequestIntake(spec)
    this.#frontEnd = new FrontEnd(spec)
    this.#starter = new StepStarter(spec.stepByStep === true)
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
    if (spec.pools.some((pool) => (pool.prefixCaching?.tiers ?? []).length > 0))
      this.#tierReads = new TierReads(this.table)
    if (spec.pools.some((pool) => pool.prefixCaching !== undefined))
      this.table.prefix = {
        contents: new PromptContents(),
        paths: new PrefixPaths(),
        hitRates: newDistribution(),
        reads: this.#tierReads,
        windowStart: start,
        windowEnd: end,
      }
    this.#set = new PoolSet(spec, this.table)
    this.pools = this.#set.pools
    this.#lanes = this.#set.lanes
    this.#replicas = this.#set.replicas
    this.#entry = this.#set.entry
    if (spec.kvTransfer !== undefined && this.#set.decode.pools.length > 0) {
      this.transfer = new KvTransfer({
        spec: spec.kvTransfer,
        pools: this.pools,
        timetable: this.#timetable,
        times: newDistribution(),
        windowStart: start,
        windowEnd: end,
      })
      this.#handover = new KvHandover({
        queue: this.#queue,
        table: this.table,
        group: this.#set.decode,
        transfer: this.transfer,
        replicaOf: (slot) => this.#replicas[this.table.lane[slot]!]!,
        replicaOfLane: (lane) => this.#replicas[lane]!,
        measures: (time) => this.steps.measures(time),
        shorten: (lane, steps) => {
          this.#shorten(lane, steps)
        },
        released: (replica) => {
          this.#memoryFreed(replica)
        },
        arrived: (slot, replica) => {
          this.#enqueue(slot, replica)
        },
        sent: (slot, target, times, bytes) => {
          this.#observation?.transfer(slot, target, times, bytes)
        },
      })
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
      })
    for (const pool of this.pools) {
      pool.delaySignals(this.#timetable)
      pool.autoscale(this.#timetable)
    }
    if (Gateway.has(spec)) this.gateway = this.#gatewayOf(spec)
    if (spec.faults !== undefined) this.outages = this.#outages(spec.faults)
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
        this.#passFrontEnd(slot)
      },
      changed: (lane) => {
        this.#observation?.load(lane, this.now)
        if (lane.lead.inStep) this.#cut(lane)
        else this.#notify(lane)
      },
      released: (replica) => {
        this.#interrupt(replica)
      },
      refused: (slot) => {
        this.#refuse(slot)
      },
      failed: (slot) => {
        this.#fail(slot)
      },
    })
  }

  /** What breaks, and what becomes of the requests that it hits. */
  #outages(faults: FaultsSpec): Outages {
    return new Outages({
      faults,
      table: this.table,
      queue: this.#queue,
      steps: this.steps,
      handover: this.#handover,
      transfer: this.transfer,
      set: this.#set,
      timetable: this.#timetable,
      available: (replica) => {
        if (replica.role === 'decode') this.#handover!.admitParked(this.now)
        else this.#unpark()
      },
      observation: () => this.#observation,
      released: (replica) => {
        this.#interrupt(replica)
      },
      abandoned: (slot, now) => this.gateway?.lost(slot, now) ?? false,
      enterAgain: (slot, time) => {
        this.#enterAt(slot, time)
      },
      failed: (slot) => {
        this.#fail(slot)
      },
    })
  }

  /** Takes in the first requests. */
  begin(): void {
    const { concurrency } = this.spec
    if (concurrency === undefined) this.#intake.advance()
    else {
      this.#vacancies = concurrency
      this.#fillVacancies()
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
        this.#advanceTo(intake.nextArrival)
        intake.take()
        this.#arrive()
        this.#intake.advance()
        continue
      }
      if (this.#timetable.inUse && this.#isOver()) return true
      if (next > this.#limit) {
        this.#stopAt(this.#limit)
        return true
      }
      queue.pop()
      this.#advanceTo(next)
      if (queue.tag < 0) this.#handover!.end(-queue.tag - 1, this.now)
      else if (queue.tag < this.#lanes.length) this.#laneEvent(this.#lanes[queue.tag]!)
      else if (queue.tag >= FIRST_APPOINTMENT) this.#keepAppointment(queue.tag)
      else if (queue.tag >= VACANCY_TAG) this.#clientEvent(queue.tag)
      else if (this.#tierReads?.isReading(queue.tag - this.#lanes.length) === true)
        this.#tiersRead(queue.tag - this.#lanes.length, this.#tierReads)
      else this.#enter(queue.tag - this.#lanes.length)
      while (this.#upNext !== undefined) {
        const lane: Lane = this.#upNext
        this.#upNext = undefined
        this.#advanceTo(lane.segment.end)
        this.#laneEvent(lane)
      }
    }
    return false
  }

  /** Ends the run where it is: what was done until now counts. */
  stop(): void {
    this.stopped = true
    this.#stopAt(this.now)
  }

  /** The run is over: closes the books. */
  end(): void {
    for (const replica of this.#replicas) {
      replica.sampleUntil(this.now)
      replica.cache?.settle(replica.usedAt(this.now))
    }
    if (!this.stopped) this.#checkProgress()
    this.#observation?.ended(this.now)
  }

  #clientEvent(tag: number): void {
    if (tag === VACANCY_TAG) this.#vacancies++
    else this.gateway!.event(tag, this.now)
    if (this.#vacancies > 0) this.#fillVacancies()
  }

  #keepAppointment(tag: number): void {
    this.#timetable.keep(tag, this.now)
    if (this.#vacancies > 0) this.#fillVacancies()
  }

  /** Whether nothing is left to serve, or nothing is ahead that could serve it. */
  #isOver(): boolean {
    if (this.#intake.nextArrival !== Infinity) return false
    if (this.table.inUse === 0) return true
    if (!this.#timetable.isAlone) return false
    const hopeless = this.#timetable.keptInRow > HOPELESS
    return hopeless || !this.#set.hasHope
  }

  #advanceTo(time: number): void {
    this.requestSeconds += this.table.inUse * (time - this.now)
    this.now = time
  }

  /** Closed loop: sends a successor for each request that left. */
  #fillVacancies(): void {
    while (this.#vacancies > 0) {
      this.#vacancies--
      if (this.now > this.spec.durationSeconds || !this.#intake.pull()) {
        this.#vacancies = 0
        return
      }
      this.#intake.draft.arrivalSeconds = this.now
      if (this.#arrive()) this.#refusedInRow = 0
      else if (++this.#refusedInRow < REFUSALS) this.#vacancies++
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
  #arrive(): boolean {
    const { draft } = this.#intake
    const number = this.requests.arrived
    this.requests.arrive(draft)
    this.groups?.arrived(draft)
    this.#observation?.arrived(draft, number)
    if (this.requests.arrived % PROGRESS_EVERY === 0)
      this.spec.onProgress?.(this.now, this.requests.arrived)
    if (!this.#entry.fits(draft.promptTokens, draft.outputTokens)) {
      this.rejected++
      this.tooLong++
      this.#observation?.rejected(draft, number)
      this.#intake.answered(draft.sessionId, this.now)
      return false
    }
    const slot = this.table.open(draft)
    this.table.number[slot] = number
    if (this.gateway === undefined) this.#passFrontEnd(slot)
    else this.gateway.arrived(slot, this.now)
    return true
  }

  /** Lets a request pass the front end, which may hold it for a while. */
  #passFrontEnd(slot: Slot): void {
    const entersAt = this.#frontEnd.doneAt(this.now, this.table.prompt[slot]!)
    if (entersAt === this.now) this.#enter(slot)
    else this.#enterAt(slot, entersAt)
  }

  #enterAt(slot: Slot, time: number): void {
    const event = this.#queue.schedule(time, ENTRY_PRIORITY, this.#lanes.length + slot)
    this.gateway?.entering(slot, event)
  }

  /** Routes a request that the front end is done with, or that lost its replica. */
  #enter(slot: Slot): void {
    this.gateway?.entering(slot, NO_EVENT)
    const replica = this.#entry.route(slot, this.now)
    if (replica === undefined) {
      this.#entry.parked.pushBack(slot)
      return
    }
    replica.requests++
    replica.outstanding++
    this.table.entryReplica[slot] = replica.index
    if (Number.isNaN(this.table.entered[slot]!)) this.table.entered[slot] = this.now
    if (this.#tierReads !== undefined && replica.cache?.tiers !== undefined) {
      const ready = this.#tierReads.begin(slot, replica, this.now)
      if (ready > this.now) {
        const event = this.#queue.schedule(ready, ENTRY_PRIORITY, this.#lanes.length + slot)
        this.#tierReads.awaits(slot, event)
        return
      }
    }
    this.#enqueue(slot, replica)
  }

  /** What a request found in the tiers below its replica has come; it goes elsewhere if the replica is gone. */
  #tiersRead(slot: Slot, reads: TierReads): void {
    const replica = reads.end(slot, this.now)
    if (replica !== undefined) this.#enqueue(slot, replica)
    else if (this.outages !== undefined) this.outages.lost(slot, this.now)
    else this.#enter(slot)
  }

  /** Replicas can take requests again: those that found none go there. */
  #unpark(): void {
    const { parked } = this.#entry
    for (let left = parked.size; left > 0; left--) {
      const slot = parked.head
      parked.remove(slot)
      this.#enter(slot)
    }
  }

  #enqueue(slot: Slot, replica: Replica): void {
    const lane = replica.lanes.length === 1 ? replica.lanes[0]! : replica.leastLoadedLane()
    this.table.lane[slot] = lane.id
    this.table.queued[slot] = this.now
    lane.waiting.pushBack(slot)
    this.#observation?.load(lane, this.now)
    this.#notify(lane)
  }

  /** Tells a lane that something came or became free: an idle one plans now, a run ends early. */
  #notify(lane: Lane): void {
    const { segment, lead } = lane
    if (lead === this.#current) return
    if (!lead.inStep) {
      // One that waits for the first pipeline stage has its turn already.
      if (lead.event === NO_EVENT || this.#replicas[lane.id]!.stageFree[0]! <= this.now)
        this.#wake(lead, this.now)
      return
    }
    if (segment.steps > 1 && segment.heedsArrivals) this.#cut(lane)
  }

  /** Ends a running segment at the next step boundary. */
  #cut(lane: Lane): void {
    const { segment, lead } = lane
    // Of batches that act at one time the lower number goes first, stepping or not.
    const passed = this.#current !== undefined && this.#current.id > lead.id
    if (!segment.cutAt(this, passed)) return
    lane.group?.resize(segment.steps)
    this.#queue.reschedule(lead.event, segment.end)
  }

  #shorten(lane: Lane, steps: number): void {
    if (steps >= lane.segment.steps) return
    lane.segment.resize(steps)
    lane.group?.resize(steps)
    this.#queue.reschedule(lane.lead.event, lane.segment.end)
  }

  #wake(lane: Lane, time: number): void {
    if (lane.event === NO_EVENT)
      lane.event = this.#queue.schedule(time, LANE_PRIORITY + lane.id, lane.id)
    else this.#queue.reschedule(lane.event, time)
  }

  #laneEvent(lane: Lane): void {
    lane.event = NO_EVENT
    this.#current = lane
    const group = groupOf(lane)
    if (group === undefined) {
      if (lane.segment.active) this.#endSegment(lane)
    } else if (group.running) this.#endTogether(group)
    if (this.#vacancies > 0) this.#fillVacancies()
    if (group === undefined) this.#startStep(lane)
    else this.#startTogether(group, lane)
    if (this.#observation !== undefined) this.#observeLoad(lane, this.#observation)
    this.#current = undefined
    if (!lane.inStep) return
    // What comes next for sure need not pass through the queue.
    const { end } = lane.segment
    if (end < this.#queue.nextTime && end < this.#intake.nextArrival && end <= this.#limit)
      this.#upNext = lane
    else lane.event = this.#queue.schedule(end, LANE_PRIORITY + lane.id, lane.id)
  }

  #observeLoad(lane: Lane, observation: Observation): void {
    const group = groupOf(lane)
    if (group === undefined) observation.load(lane, this.now)
    else for (const member of group.members) observation.load(member.lane, this.now)
  }

  /** Asks the scheduler, and starts what it planned. */
  #startStep(lane: Lane): void {
    const replica = this.#replicas[lane.id]!
    if (lane.load === 0) return
    if (replica.stageFree[0]! > this.now) {
      this.#wake(lane, replica.stageFree[0]!)
      return
    }
    if (replica.nextSample < this.now) replica.sampleUntil(this.now)
    lane.now = this.now
    const starter = this.#starter
    const started = starter.start(lane, replica)
    if (starter.freed) this.#memoryFreed(replica)
    if (started) return
    // After preempting, the other batches of this replica go first: the blocks may be for one of them.
    if (starter.freed) this.#wake(lane, this.now)
    else if (starter.reviewAtSeconds !== Infinity) this.#wake(lane, starter.reviewAtSeconds)
  }

  /** The same for the attention ranks of a group. */
  #startTogether(group: BarrierGroup, lead: Lane): void {
    const free = this.#replicas[lead.id]!.stageFree[0]!
    if (!group.hasLoad) return
    if (free > this.now) {
      this.#wake(lead, free)
      return
    }
    const starter = this.#starter
    const started = starter.startTogether(group, this.now)
    const { freed, reviewAtSeconds } = starter
    if (freed)
      for (const member of group.members) if (member.freed) this.#memoryFreed(member.replica)
    if (started) return
    if (freed) this.#wake(lead, this.now)
    else if (reviewAtSeconds !== Infinity) this.#wake(lead, reviewAtSeconds)
  }

  /** A step of a group is over: what its ranks did counts, in their order. */
  #endTogether(group: BarrierGroup): void {
    group.running = false
    for (const { lane } of group.members)
      if (lane.segment.active) this.#endSegment(lane)
      else lane.breakdown?.end(lane.segment.steps)
  }

  /** Applies the segment that is over: its tokens, its finished requests, its blocks. */
  #endSegment(lane: Lane): void {
    const { segment, chunks } = lane
    const replica = this.#replicas[lane.id]!
    if (replica.nextSample < segment.end) replica.sampleUntil(segment.end)
    if (lane.work.next < segment.end) lane.work.sample(lane)
    this.steps.busy(lane)
    this.#observation?.segment(lane)
    replica.steps += segment.steps - 1
    replica.flights?.end(segment.end)
    lane.breakdown?.end(segment.steps)
    let freed = false
    if (lane.decodes) {
      this.steps.decoded(lane)
      replica.kv.allocate(lane.laterStepsBlocks)
      lane.advance()
    }
    if (lane.doomed.size > 0) freed = this.gateway!.stepEnded(lane, this.now)
    if (lane.decodes)
      while (lane.decoders.firstFinish <= lane.counter) {
        this.#finish(lane, lane.finishFirst())
        freed = true
      }
    segment.active = false
    for (let i = 0; i < chunks.size; i++)
      if (this.#prefilled(lane, chunks.slots[i]!, chunks.amounts[i]!)) freed = true
    chunks.size = 0
    lane.decodes = false
    if (freed) this.#memoryFreed(replica)
  }

  /** Records a prompt chunk; whether KV blocks became free. */
  #prefilled(lane: Lane, slot: Slot, tokens: number): boolean {
    const table = this.table
    const done = table.prefillDone[slot]! + tokens
    table.prefillDone[slot] = done
    const { cache } = lane
    let freed = false
    if (cache !== undefined) {
      cache.countComputed(slot, tokens)
      freed = cache.commit(slot, done, lane.kv.used) > 0
    }
    if (done < table.prefillTarget[slot]!) return freed
    const first = table.generated[slot] === 0
    this.steps.prefilled(lane, slot, first)
    if (first) {
      table.firstToken[slot] = this.now
      this.gateway?.begun(slot)
    }
    table.lastToken[slot] = this.now
    table.generated[slot] = table.generated[slot]! + 1
    if (table.generated[slot] === table.output[slot]) {
      table.kvAtJoin[slot] = done
      this.#finish(lane, slot)
      return true
    }
    if (lane.view.role === 'prefill') this.#handOver(lane, slot)
    else lane.join(slot, done)
    return freed
  }

  /** A request has its last token: it is recorded and gone, and its blocks are free. */
  #finish(lane: Lane, slot: Slot): void {
    const { table } = this
    lane.running.remove(slot)
    lane.free(slot, table.kvAtJoin[slot]!, true)
    this.#replicas[lane.id]!.outstanding--
    const record = this.#record
    record.arrivalSeconds = table.arrival[slot]!
    record.startSeconds = table.started[slot]!
    record.firstTokenSeconds = table.firstToken[slot]!
    record.finishSeconds = this.now
    record.outputTokens = table.output[slot]!
    lane.tellLeft(slot, record.outputTokens)
    record.classId = table.class[slot]!
    this.gateway?.done(slot)
    this.requests.complete(record)
    this.groups?.finished(slot, record)
    this.#observation?.finished(slot, this.now)
    this.#intake.answered(table.session[slot]!, this.now)
    table.close(slot)
    if (this.spec.concurrency !== undefined) this.#vacancies++
  }

  /** A request is not let in. A client of a closed loop then sends its next one after a pause. */
  #refuse(slot: Slot): void {
    this.rejected++
    this.failedSeconds += this.now - this.table.arrival[slot]!
    this.#observation?.refused(slot)
    this.#intake.answered(this.table.session[slot]!, this.now)
    this.table.close(slot)
    if (this.spec.concurrency === undefined) return
    const { backoffSeconds: pause = 0 } = this.spec.client ?? {}
    this.#queue.schedule(this.now + (pause > 0 ? pause : REFUSAL_PAUSE), 0, VACANCY_TAG)
  }

  /** A request is given up. */
  #fail(slot: Slot): void {
    this.gateway?.done(slot)
    this.failed++
    this.failedSeconds += this.now - this.table.arrival[slot]!
    this.#observation?.failed(slot)
    this.#intake.answered(this.table.session[slot]!, this.now)
    this.table.close(slot)
    if (this.spec.concurrency !== undefined) this.#vacancies++
  }

  /** Prefill pool: a prompt is done; its KV cache must go to a decode replica. */
  #handOver(lane: Lane, slot: Slot): void {
    lane.running.remove(slot)
    lane.tellLeft(slot, this.table.generated[slot]!)
    this.#handover!.begin(slot, this.now, this.now - lane.segment.start)
  }

  /** KV blocks became free: caches on their way and lanes that stand still may go on. */
  #memoryFreed(replica: Replica): void {
    if (replica.inbound.size > 0) this.#handover!.admitInbound(replica, this.now)
    for (const lane of replica.lanes) {
      if (lane.lead === this.#current || lane.segment.active || lane.load === 0) continue
      if (lane.inStep) this.#cut(lane)
      else this.#wake(lane.lead, this.now)
    }
  }

  /** KV blocks became free in the middle of a run of steps: it ends at the next step. */
  #interrupt(replica: Replica): void {
    for (const lane of replica.lanes) if (lane.segment.active) this.#cut(lane)
    this.#memoryFreed(replica)
  }

  /** Ends the run at a time at which segments are still running: what they did until then counts. */
  #stopAt(limit: number): void {
    for (const lane of this.#lanes)
      if (lane.segment.active)
        stopSegment(lane, this.#replicas[lane.id]!, limit, this.steps, this.#observation)
      else if (lane.inStep) lane.breakdown?.end(lane.segment.stepsDoneBy(limit))
    this.#advanceTo(limit)
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

/** The group of a lane: pools make no other kind. */
function groupOf(lane: Lane): BarrierGroup | undefined {
  return lane.group as BarrierGroup | undefined
}
