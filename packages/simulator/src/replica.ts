import type { AttentionReach, CostModel, PoolRole, PoolSpec, Slot } from '@llmsim/contracts'
import { BatchesInFlight } from './batches-in-flight.js'
import { AdapterStore } from './adapter-store.js'
import { laneView } from './adapter-lane-view.js'
import { IntervalClock } from './interval-clock.js'
import type { KvBlocks } from './kv-blocks.js'
import type { Lane } from './lane.js'
import { LaneBreakdown } from './lane-breakdown.js'
import { LaneAdapters } from './lane-adapters.js'
import { MemorySampler } from './memory-sampler.js'
import { PrefixCache } from './prefix-cache.js'
import { RequestList } from './request-list.js'
import type { RequestTable } from './request-table.js'
import { kvBlocksOf, WindowedKvBlocks } from './windowed-kv-blocks.js'
import { laneOf } from './windowed-lane.js'
import { WindowedPrefixCache } from './windowed-prefix-cache.js'
import { WorkSampler } from './work-sampler.js'
import { swapStoreOf, type SwapStore } from './swap-store.js'
import { TierStack, type SharedTiers } from './tier-stack.js'

/** Steps of a pool that are sampled, at most; four of each batch at least. */
const WORK_SAMPLES = 256

/** What all replicas of a run share. */
export interface RunParts {
  readonly table: RequestTable
  /** All lanes by their number, and the replica of each. */
  readonly lanes: Lane[]
  readonly replicas: Replica[]
  /** The measured window, in seconds. */
  readonly windowStart: number
  readonly windowEnd: number
  /** Whether to keep where the time of each lane goes. */
  readonly breakdown: boolean
}

/**
 * Only an available one takes requests; one that is draining serves those that it has, one that is
 * starting loads its weights, and one that is off is not there.
 */
export type ReplicaState = 'available' | 'draining' | 'starting' | 'down' | 'off'

/**
 * One copy of the model, or one attention rank of it: its batches, its KV blocks, its pipeline stages,
 * which ranks share.
 */
export class Replica {
  readonly index: number
  /** Index of its pool. */
  readonly pool: number
  readonly spec: PoolSpec
  readonly role: PoolRole
  readonly kv: KvBlocks
  readonly cache: PrefixCache | undefined
  /** LoRA adapters in its memory; undefined where requests have none. */
  readonly adapters: AdapterStore | undefined
  /** Host memory for preempted requests. */
  readonly swap: SwapStore | undefined
  readonly lanes: Lane[] = []
  /** When each pipeline stage will have done the work it has. */
  readonly stageFree: Float64Array
  /** With pipeline stages only. */
  readonly flights: BatchesInFlight | undefined
  /** Requests routed here and not finished or handed over. */
  outstanding: number = 0
  /** Decode pool: requests whose KV cache waits for room here before it is sent. */
  readonly inbound: RequestList
  readonly sampler: MemorySampler
  /** The same over the whole run, for an observer. */
  observed: MemorySampler | undefined
  /** When the next memory sample is due, in seconds. */
  nextSample: number
  requests: number = 0
  steps: number = 0
  state: ReplicaState = 'available'
  /** Faults that it is under. */
  faults: number = 0
  /** Whether it is under a fault that is never repaired. */
  isLost: boolean = false
  /** How often it has begun to start: one start at most is not void. */
  starts: number = 0
  /** When it broke last, and with autoscaling when its devices are there, in seconds. */
  brokeAt: number = 0
  thereAt: number = 0
  /** While it is down, or starts again after a fault. */
  readonly down: IntervalClock
  /** With autoscaling: while it is paid for. */
  readonly provisioned: IntervalClock

  /** `shared`: tiers of its pool; `stageFree`: the stages of the ranks before it. */
  constructor(
    index: number,
    pool: number,
    spec: PoolSpec,
    run: RunParts,
    shared: SharedTiers,
    stageFree?: Float64Array,
  ) {
    this.index = index
    this.pool = pool
    this.spec = spec
    this.role = spec.role
    this.kv = kvBlocksOf(spec.memory, spec.prefixCaching !== undefined)
    this.cache = cacheOf(this.kv, spec, run, shared)
    const { adapters: column } = run.table
    this.adapters =
      spec.adapterSlots === undefined || column === undefined
        ? undefined
        : new AdapterStore(spec.adapterSlots, column.specs)
    this.swap = swapStoreOf(spec.memory)
    this.stageFree = stageFree ?? new Float64Array(spec.stages)
    this.flights = spec.stages > 1 ? new BatchesInFlight() : undefined
    this.inbound = new RequestList(run.table)
    this.sampler = new MemorySampler(run.windowStart, run.windowEnd)
    this.down = new IntervalClock(run.windowStart, run.windowEnd)
    this.provisioned = new IntervalClock(run.windowStart, run.windowEnd)
    this.observed = undefined
    this.nextSample = this.sampler.next
    const lanes = spec.replicas * (spec.attentionRanks ?? 1) * spec.stages
    const samples = Math.max(4, 2 ** Math.floor(Math.log2(WORK_SAMPLES / lanes)))
    for (let stage = 0; stage < spec.stages; stage++) {
      const lane = laneOf({
        id: run.lanes.length,
        replica: index,
        kv: this.kv,
        cache: this.cache,
        adapters:
          this.adapters === undefined || column === undefined
            ? undefined
            : new LaneAdapters(this.adapters, column),
        table: run.table,
        scheduler: spec.createScheduler(),
        work: new WorkSampler(run.windowStart, run.windowEnd, samples),
        swap: this.swap,
        windows: windowsOf(spec.costModel),
        createView: (made) => laneView(made, spec.role),
      })
      if (run.breakdown) lane.breakdown = new LaneBreakdown(spec.costModel, spec.stages)
      this.lanes.push(lane)
      run.lanes.push(lane)
      run.replicas.push(this)
    }
  }

  /** KV blocks in use at a time inside the running segment, the step that starts then included. */
  usedAt(time: number): number {
    const { segment } = this.lanes[0]!
    if (!segment.active || segment.steps === 1) return this.kv.used
    return this.#usedInStep(segment.stepsDoneBy(time) + 1)
  }

  /** The same as others see it who act before this replica does: a step that starts then is not. */
  usedBefore(time: number): number {
    const { segment } = this.lanes[0]!
    if (!segment.active || segment.steps === 1) return this.kv.used
    return this.#usedInStep(segment.stepsToReach(time))
  }

  /** Frees the KV blocks of a request that goes elsewhere, whatever runs here. */
  free(slot: Slot, computed: number, now: number): void {
    const blocks = this.lanes[0]!.table.blocks[slot]!
    const used = this.usedBefore(now)
    // Its batch may be in the middle of a run of steps, which has grown until now.
    this.kv.notePeak(used)
    if (this.cache === undefined) this.kv.allocate(-blocks)
    else this.cache.release(slot, computed, blocks, true, used)
  }

  /** Prompt tokens of a request that the prefix cache holds. */
  cachedTokens(slot: Slot, now: number): number {
    const { cache, kv } = this
    if (cache === undefined) return 0
    cache.settle(this.usedBefore(now))
    cache.look(slot)
    return cache.found * kv.size
  }

  #usedInStep(step: number): number {
    const lane = this.lanes[0]!
    return this.kv.used + lane.blocksGrown(1, Math.min(step, lane.segment.steps))
  }

  /** Its devices are given back, and what is in their memory with them; it has no requests. */
  giveBack(now: number): void {
    this.sampleUntil(now)
    this.state = 'off'
    this.provisioned.stop(now)
    this.down.stop(now)
    this.cache?.clear('machine', now)
    this.adapters?.clear()
    for (const lane of this.lanes) lane.restart(this.spec.createScheduler())
  }

  /** Samples the KV blocks from the start of the run to its end. */
  observeBlocks(): void {
    this.observed = new MemorySampler(0, Infinity)
    this.nextSample = 0
    for (const lane of this.lanes) lane.nextSample = 0
  }

  /** Takes the memory samples that are due before `time`; called before anything changes the use. */
  sampleUntil(time: number): void {
    const { sampler, observed } = this
    if (sampler.next < time && !this.lanes[0]!.segment.active) sampler.addUntil(time, this.kv.used)
    while (sampler.next < time) sampler.add(this.usedAt(sampler.next))
    this.nextSample = sampler.next
    if (observed === undefined) return
    while (observed.next < time) observed.add(this.usedAt(observed.next))
    this.nextSample = Math.min(sampler.next, observed.next)
  }

  /** Takes the samples that are due before a lane's segment ends; called when it does. */
  sampleSegment(lane: Lane): void {
    const { work, segment } = lane
    this.sampleUntil(segment.end)
    if (work.next < segment.end) work.sample(lane)
    lane.nextSample = Math.min(this.nextSample, work.next)
  }

  /** Whether it works on requests: on those that it has, at least. */
  get serves(): boolean {
    return this.state === 'available' || this.state === 'draining'
  }

  /** Requests in its queues, and those whose KV cache waits for room. */
  get queued(): number {
    let queued = this.inbound.size
    for (const lane of this.lanes) queued += lane.waiting.size
    return queued
  }

  /** The batch with the fewest requests. */
  leastLoadedLane(): Lane {
    let best = this.lanes[0]!
    for (let i = 1; i < this.lanes.length; i++) {
      const lane = this.lanes[i]!
      if (lane.load < best.load) best = lane
    }
    return best
  }

  /**
   * Sends one step through the pipeline, each stage first come first served.
   *
   * @returns when its last stage is done
   */
  passStages(now: number, secondsPerStage: number): number {
    let done = now
    for (let stage = 0; stage < this.stageFree.length; stage++) {
      done = Math.max(done, this.stageFree[stage]!) + secondsPerStage
      this.stageFree[stage] = done
    }
    return done
  }
}

/** What a replica keeps of prompts and answers, if anything; beside windowed layers there are no tiers. */
function cacheOf(
  kv: KvBlocks,
  { prefixCaching, role, memory }: PoolSpec,
  { table, lanes }: RunParts,
  shared: SharedTiers,
): PrefixCache | undefined {
  const { prefix } = table
  if (prefixCaching === undefined || prefix === undefined) return undefined
  const prefills = role !== 'decode' || table.promises !== undefined
  if (kv instanceof WindowedKvBlocks)
    return new WindowedPrefixCache(kv, table, prefix, prefills, lanes.length)
  const tiers =
    role !== 'decode' && (prefixCaching.tiers ?? []).length > 0
      ? new TierStack(prefixCaching, shared, prefix.contents, memory.blockSize, prefix)
      : undefined
  return new PrefixCache(kv, table, prefix, prefills, lanes.length, tiers)
}

/** The windows that a cost model asks for, if any. */
function windowsOf({ windows }: CostModel): readonly AttentionReach[] | undefined {
  return windows === undefined || windows.length === 0 ? undefined : windows
}
