import type { PoolRole, PoolSpec } from '@llmsim/contracts'
import { Lane } from './lane.js'
import { MemorySampler } from './memory-sampler.js'
import { RequestList } from './request-list.js'
import type { RequestTable } from './request-table.js'

/** What all replicas of a run share. */
export interface RunParts {
  readonly table: RequestTable
  /** All lanes by their number. */
  readonly lanes: Lane[]
  /** The measured window, in seconds. */
  readonly windowStart: number
  readonly windowEnd: number
}

/** One copy of the model: its batches, its KV blocks, its pipeline stages. */
export class Replica {
  readonly index: number
  readonly spec: PoolSpec
  readonly role: PoolRole
  readonly blockSize: number
  readonly totalBlocks: number
  readonly lanes: Lane[] = []
  /** When each pipeline stage will have done the work it has. */
  readonly stageFree: Float64Array
  /** KV blocks in use as the running segment's first step leaves them. */
  usedBlocks: number = 0
  peakBlocks: number = 0
  /** Requests routed here and not finished or handed over. */
  outstanding: number = 0
  /** Decode pool: requests whose KV cache waits for room here before it is sent. */
  readonly inbound: RequestList
  readonly sampler: MemorySampler
  requests: number = 0
  preemptions: number = 0
  steps: number = 0
  /** Busy seconds inside the measured window, by kind of step. */
  prefillSeconds: number = 0
  decodeSeconds: number = 0
  /** Busy seconds of the whole run, by kind of step. */
  totalPrefillSeconds: number = 0
  totalDecodeSeconds: number = 0

  constructor(index: number, spec: PoolSpec, run: RunParts) {
    this.index = index
    this.spec = spec
    this.role = spec.role
    this.blockSize = spec.memory.blockSize
    this.totalBlocks = spec.memory.kvBlocks
    this.stageFree = new Float64Array(spec.stages)
    this.inbound = new RequestList(run.table)
    this.sampler = new MemorySampler(run.windowStart, run.windowEnd)
    for (let stage = 0; stage < spec.stages; stage++) {
      const lane = new Lane(run.lanes.length, this, run.table, spec.createScheduler())
      this.lanes.push(lane)
      run.lanes.push(lane)
    }
  }

  blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.blockSize)
  }

  /** KV blocks in use at a time inside the running segment. */
  usedAt(time: number): number {
    const lane = this.lanes[0]!
    const segment = lane.segment
    if (!segment.active || segment.steps === 1) return this.usedBlocks
    const started = Math.min(segment.stepsDoneBy(time) + 1, segment.steps)
    return this.usedBlocks + lane.blocksGrown(1, started)
  }

  allocate(blocks: number): void {
    this.usedBlocks += blocks
    if (this.usedBlocks > this.peakBlocks) this.peakBlocks = this.usedBlocks
  }

  /** Takes the memory samples that are due before `time`; called before anything changes the use. */
  sampleUntil(time: number): void {
    const sampler = this.sampler
    while (sampler.next < time) sampler.add(this.usedAt(sampler.next))
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
