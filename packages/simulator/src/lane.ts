import type {
  AttentionReach,
  ImageWork,
  ReplicaView,
  Scheduler,
  Slot,
  WindowWork,
} from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { EventHandle } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import type { DecoderTally } from './decoder-tally.js'
import { CounterWheel } from './counter-wheel.js'
import { noImages } from './image-column.js'
import type { KvBlocks } from './kv-blocks.js'
import type { LaneBreakdown } from './lane-breakdown.js'
import type { PrefixCache } from './prefix-cache.js'
import type { LaneAdapters } from './lane-adapters.js'
import { policyFailure } from './policy-failure.js'
import { RequestList } from './request-list.js'
import type { SwapStore } from './swap-store.js'
import type { RequestTable } from './request-table.js'
import { DECODING, PAUSED } from './request-table.js'
import { Segment } from './segment.js'
import { SlotList } from './slot-list.js'
import { WindowTally } from './window-tally.js'
import type { WorkSampler } from './work-sampler.js'

/** Batches that start each step together, as one of them sees it. */
export interface LaneGroup {
  /** Whether a step runs, of any of them. */
  running: boolean
  /** Sets how many steps the segment of each has. */
  resize(steps: number): void
}

export interface LaneParts {
  readonly id: number
  readonly replica: number
  readonly kv: KvBlocks
  readonly cache: PrefixCache | undefined
  readonly adapters: LaneAdapters | undefined
  readonly table: RequestTable
  readonly scheduler: Scheduler
  readonly swap: SwapStore | undefined
  readonly work: WorkSampler
  /** Windows that the cost model wants to know about. */
  readonly windows: readonly AttentionReach[] | undefined
  createView(lane: Lane): ReplicaView
}

/**
 * One in-flight batch of a replica, with its own queue and scheduler; a replica has one for each
 * pipeline stage.
 *
 * Decoding requests advance in lockstep, so that one step counter stands for all of them: a
 * request's tokens, KV length and next block follow from the counter at which it joined.
 */
export class Lane {
  /** Its number in the whole simulation. */
  readonly id: number
  /** Number of its replica in its pool. */
  readonly replica: number
  readonly kv: KvBlocks
  readonly cache: PrefixCache | undefined
  /** LoRA adapters of its requests; undefined where these have none. */
  readonly adapters: LaneAdapters | undefined
  readonly table: RequestTable
  scheduler: Scheduler
  /** Where preempted requests go; undefined: they are recomputed. */
  readonly swap: SwapStore | undefined
  /** Images that the step at hand encodes; undefined where requests have none. */
  readonly images: ImageWork | undefined
  readonly view: ReplicaView
  readonly waiting: RequestList
  readonly running: RequestList
  /** Requests in step with the batch. */
  readonly decoders: CounterWheel
  /** Requests that the last plan left out of the decode batch. */
  paused: number = 0
  /** Decode steps so far. */
  counter: number = 0
  /** KV tokens of all decoders. */
  kvTokens: number = 0
  readonly segment: Segment = new Segment()
  /** Prompt chunks of the step that runs, and all their tokens. */
  readonly chunks: SlotList = new SlotList()
  chunkTokens: number = 0
  /** Requests that nobody waits for any more, until the step that runs is over. */
  readonly doomed: SlotList = new SlotList()
  /** Whether the segment that runs decodes. */
  decodes: boolean = false
  /** Decoders that have not decoded since they joined: their next gap starts at a time of their own. */
  readonly fresh: SlotList = new SlotList()
  /** Of these, those whose first token the next step makes: it is a step by itself. */
  firsts: number = 0
  lastDecodeEnd: number = 0
  /** Share of the segment's time that each device works on it: below 1 with pipeline stages. */
  busyShare: number = 1
  /** When its scheduler was asked last: the view's clock. */
  now: number = 0
  preemptions: number = 0
  /** KV blocks that its plan wants free beside those that its steps take. */
  spareBlocks: number = 0
  /** Plans without work since the last one with some. */
  emptyPlans: number = 0
  /** Decoders by class and tenant, where requests have any. */
  tally: DecoderTally | undefined
  /** Steps that it ran, sampled. */
  readonly work: WorkSampler
  /** No sample of those, nor of its replica's memory, is due before: one look instead of two. */
  nextSample: number = 0
  /** Decode steps inside the measured window, their tokens, and the most in one of the whole run. */
  decodeSteps: number = 0
  decodeTokens: number = 0
  peakDecodes: number = 0
  /** Steps that prefill, their prompt tokens, and the most in one. */
  prefillSteps: number = 0
  prefillTokens: number = 0
  peakPrefillTokens: number = 0
  /** Busy seconds inside the measured window, by kind of step. */
  prefillSeconds: number = 0
  decodeSeconds: number = 0
  /** Busy seconds of the whole run, by kind of step. */
  totalPrefillSeconds: number = 0
  totalDecodeSeconds: number = 0
  /** Its pending event: the segment's end, a review, or a wake-up. */
  event: EventHandle = NO_EVENT
  /** Waiting requests that were preempted and hold no KV cache here. */
  evicted: number = 0
  /** Of those, the ones whose KV cache is in host memory. */
  swapped: number = 0
  /** Seconds on the link to the host by which its next step is longer. */
  swapSeconds: number = 0
  /** The batches of other attention ranks that start each step together with it. */
  group: LaneGroup | undefined = undefined
  /** The lane that stands for its group among events; itself without one. */
  lead: Lane = this
  /** Where its time goes; undefined unless asked for. */
  breakdown: LaneBreakdown | undefined = undefined
  /** What decoders see through the windows of the cost model; undefined without any. */
  readonly windows: readonly WindowTally[] | undefined
  /** The same for the cost model. */
  readonly windowWork: readonly WindowWork[] | undefined
  /**
   * Decoders by the phase (the counter modulo the block size) at which they need a new block, twice over, so
   * that the phases that follow each other are found without going back to the first.
   */
  readonly #blockPhases: Int32Array
  /** The counter modulo the block size, kept apart because a remainder of doubles is slow. */
  #phase = 0

  constructor(parts: LaneParts) {
    this.id = parts.id
    this.replica = parts.replica
    this.kv = parts.kv
    this.cache = parts.cache
    this.adapters = parts.adapters
    this.table = parts.table
    this.scheduler = parts.scheduler
    this.work = parts.work
    this.images = parts.table.images?.withPrompts !== true ? undefined : noImages()
    this.swap = parts.scheduler.resumesSwapped === true ? parts.swap : undefined
    this.waiting = new RequestList(parts.table)
    this.running = new RequestList(parts.table)
    this.decoders = new CounterWheel()
    this.windows = parts.windows?.map((reach) => new WindowTally(reach))
    this.windowWork = this.windows?.map((tally) => tally.work)
    this.#blockPhases = new Int32Array(2 * parts.kv.size)
    this.view = parts.createView(this)
  }

  joinGroup(group: LaneGroup, lead: Lane): void {
    this.group = group
    this.lead = lead
  }

  /** Whether a step runs, of its own or of a rank that it goes along with. */
  get inStep(): boolean {
    return this.group === undefined ? this.segment.active : this.group.running
  }

  /** Requests in this batch and its queue. */
  get load(): number {
    return this.waiting.size + this.running.size
  }

  /** Starts anew, without requests, as an engine that is started again. */
  restart(scheduler: Scheduler): void {
    this.scheduler = scheduler
    this.fresh.size = 0
    this.firsts = 0
    this.doomed.size = 0
    this.emptyPlans = 0
    this.swapSeconds = 0
  }

  generatedTokens(slot: Slot): number {
    const table = this.table
    const before = table.generated[slot]!
    return table.stage[slot] === DECODING ? before + this.counter - table.joinedAt[slot]! : before
  }

  kvTokensOf(slot: Slot): number {
    const table = this.table
    const stage = table.stage[slot]
    if (stage === DECODING) return table.kvAtJoin[slot]! + this.counter - table.joinedAt[slot]!
    return stage === PAUSED ? table.kvAtJoin[slot]! : table.prefillDone[slot]!
  }

  heldBlocks(slot: Slot): number {
    if (this.table.stage[slot] !== DECODING) return this.table.blocks[slot]!
    return this.kv.heldBy(this.kvTokensOf(slot))
  }

  /** Tells the scheduler that a request is gone, with so many tokens generated. */
  tellLeft(slot: Slot, generatedTokens: number): void {
    if (this.scheduler.left === undefined) return
    try {
      this.scheduler.left(slot, generatedTokens)
    } catch (error) {
      throw policyFailure(`scheduler ${this.scheduler.name}`, error)
    }
  }

  /** Puts a request with `kvTokens` in its cache, and `generated` set, into the decode batch. */
  join(slot: Slot, kvTokens: number): void {
    const table = this.table
    table.stage[slot] = DECODING
    table.kvAtJoin[slot] = kvTokens
    table.joinedAt[slot] = this.counter
    this.kvTokens += kvTokens
    this.#countPhase(kvTokens, 1)
    this.decoders.add(
      slot,
      this.counter + table.output[slot]! - table.generated[slot]!,
      this.counter,
    )
    this.fresh.push(slot, 0)
    if (table.generated[slot] === 0) this.firsts++
    this.tally?.add(slot, 1)
    this.adapters?.decode(slot, 1)
    if (this.windows !== undefined) for (const window of this.windows) window.join(kvTokens)
  }

  /** Takes a request out of the decode batch; its columns then hold its tokens and blocks. */
  leave(slot: Slot): void {
    const table = this.table
    const steps = this.counter - table.joinedAt[slot]!
    const kvTokens = table.kvAtJoin[slot]! + steps
    this.decoders.remove(slot)
    this.tally?.add(slot, -1)
    this.adapters?.decode(slot, -1)
    this.#countPhase(kvTokens, -1)
    this.kvTokens -= kvTokens
    if (this.windows !== undefined) for (const window of this.windows) window.leave(kvTokens)
    if (this.fresh.size === 0 || !this.fresh.remove(slot))
      table.lastToken[slot] = this.lastDecodeEnd
    else if (table.generated[slot] === 0) this.firsts--
    table.generated[slot] = table.generated[slot]! + steps
    table.kvAtJoin[slot] = kvTokens
    table.blocks[slot] = this.kv.heldBy(kvTokens)
  }

  /** Takes out the decoder that finishes first; `blocks` then holds its blocks. */
  finishFirst(): Slot {
    const { table } = this
    const slot = this.decoders.pop()
    this.tally?.add(slot, -1)
    this.adapters?.decode(slot, -1)
    const kvTokens = (table.kvAtJoin[slot]! + this.counter - table.joinedAt[slot]!) | 0
    this.#countPhase(kvTokens, -1)
    this.kvTokens -= kvTokens
    if (this.windows !== undefined) for (const window of this.windows) window.leave(kvTokens)
    table.kvAtJoin[slot] = kvTokens
    table.blocks[slot] = this.kv.heldBy(kvTokens)
    return slot
  }

  /**
   * Frees a request's KV blocks; a prefix cache keeps those of the `computed` tokens in them.
   *
   * @param gone - it does not come back
   */
  free(slot: Slot, computed: number, gone: boolean): void {
    const { kv, cache } = this
    const blocks = this.table.blocks[slot]!
    if (cache === undefined) kv.allocate(-blocks)
    else cache.release(slot, computed, blocks, gone, kv.used)
  }

  /** KV blocks that a request holds from its admission on until its prompt of so many tokens is computed. */
  blocksToPrefill(_slot: Slot, tokens: number): number {
    return this.kv.blocksFor(tokens)
  }

  /** KV blocks that a decode step allocates for a request whose prompt is complete. */
  growthOf(slot: Slot): number {
    return this.kv.growthAt(this.kvTokensOf(slot))
  }

  /** A prompt is computed; whether blocks became free that were needed for that alone. */
  settlePrompt(_slot: Slot, _kvTokens: number): boolean {
    return false
  }

  /** All decoders have made the tokens of the segment; whether KV blocks became free by that. */
  advance(): boolean {
    const { steps, end } = this.segment
    this.fresh.size = 0
    this.firsts = 0
    this.counter += steps
    this.#phase = (this.#phase + steps) % this.kv.size
    this.kvTokens += steps * this.decoders.size
    if (this.windows !== undefined) for (const window of this.windows) window.advance(steps)
    this.lastDecodeEnd = end
    return false
  }

  /** KV blocks that the first step of a segment allocates. */
  get firstStepBlocks(): number {
    return this.#blockPhases[this.#phase]!
  }

  /** KV blocks that all steps of the segment but its first allocate. */
  get laterStepsBlocks(): number {
    const { steps } = this.segment
    return steps === 1 ? 0 : this.blocksGrown(1, steps)
  }

  /** KV blocks that the decode steps `from + 1` to `to` allocate, counted from the counter as it is. */
  blocksGrown(from: number, to: number): number {
    const { size } = this.kv
    const phases = this.#blockPhases
    const steps = (to - from) | 0
    if (steps <= 0) return 0
    const cycles = (steps / size) | 0
    let blocks = cycles * this.decoders.size
    const first = (this.#phase + from) % size
    const end = first + steps - cycles * size
    for (let phase = first; phase < end; phase++) blocks += phases[phase]!
    return blocks
  }

  /** The most decode steps that `free` blocks allow, up to `limit`: like all counts of a segment's steps a 32-bit integer. */
  stepsWithin(free: number, limit: number): number {
    const { size } = this.kv
    const decoders = this.decoders.size
    // Enough for the limit in any phase: the usual case.
    if (decoders * (((limit / size) | 0) + 1) <= free) return limit
    const cycles = Math.floor(free / decoders)
    let left = free - cycles * decoders
    let steps = cycles * size
    // What is left is less than all need: it is used up before the phases have come round.
    for (let phase = this.#phase; steps < limit; phase++) {
      left -= this.#blockPhases[phase]!
      if (left < 0) return steps
      steps++
    }
    return limit
  }

  /** Counts a decoder with so many tokens, or takes it off; its phase stays the same while it decodes. */
  #countPhase(kvTokens: number, change: 1 | -1): void {
    const phases = this.#blockPhases
    const { size } = this.kv
    // As integers: a remainder of doubles takes tens of times as long.
    const behind = this.#phase - ((kvTokens | 0) % size)
    const phase = behind < 0 ? behind + size : behind
    const count = phases[phase]! + change
    phases[phase] = count
    phases[phase + size] = count
  }

  /** KV blocks that one decode step of all, the paused ones included, allocates. */
  get blocksToDecodeAll(): number {
    let blocks = this.firstStepBlocks
    if (this.paused > 0)
      for (let slot = this.running.head; slot !== NO_SLOT; slot = this.table.next[slot]!)
        if (this.table.stage[slot] === PAUSED) blocks += this.growthOf(slot)
    return blocks
  }
}
