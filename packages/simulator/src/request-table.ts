import type { RequestDraft, Slot } from '@llmsim/contracts'
import type { AdapterColumn } from './adapter-column.js'
import type { ImageColumn } from './image-column.js'
import type { PrefixParts } from './prefix-parts.js'

/** Where a request stands. */
export type Stage = 0 | 1 | 2 | 3 | 4 | 5
export const FREE: Stage = 0
export const WAITING: Stage = 1
/** Admitted, with prompt left to compute. */
export const PREFILLING: Stage = 2
/** In step with its decode batch. */
export const DECODING: Stage = 3
/** Its prompt is done, and the last plan left it out of the decode batch. */
export const PAUSED: Stage = 4
/** Its prefill is done; its KV cache is held here until the transfer ends. */
export const LEAVING: Stage = 5

/**
 * All requests in the system as columns, indexed by slot; slots are reused, so the columns grow to
 * the largest number of requests in the system at once and no further.
 */
export class RequestTable {
  capacity: number
  /** What requests' tokens are, where there are prefix caches. */
  prefix: PrefixParts | undefined = undefined
  /** LoRA adapters of requests, where these have any. */
  adapters: AdapterColumn | undefined = undefined
  /** Images of requests, where these may have any. */
  images: ImageColumn | undefined = undefined
  /** Decode replicas that requests will go to, where they are chosen on arrival. */
  promises: { release(slot: Slot): void } | undefined = undefined
  /** Objective of the first token of each class, and of all others, in seconds; Infinity: none. */
  firstTokenObjectives: readonly number[] = []
  firstTokenObjective: number = Infinity
  /** Its number in order of arrival. */
  number: Float64Array
  arrival: Float64Array
  /** When the first step that worked on it started; NaN before. */
  started: Float64Array
  /** When it first entered a queue; NaN before. */
  entered: Float64Array
  /** When it entered the queue that it is in. */
  queued: Float64Array
  firstToken: Float64Array
  /** Last token's time; kept only while it does not decode in step with its batch. */
  lastToken: Float64Array
  prompt: Int32Array
  output: Int32Array
  session: Int32Array
  priority: Int32Array
  tenant: Int32Array
  /** Tokens that its client allows it to generate, and that are predicted; 0: none stated. */
  limit: Int32Array
  predicted: Int32Array
  class: Int32Array
  stage: Uint8Array
  /** Tokens to prefill: the prompt, and after a preemption the generated ones as well. */
  prefillTarget: Int32Array
  prefillDone: Int32Array
  /** Tokens generated before it joined its decode batch. */
  generated: Int32Array
  /** KV tokens when it joined its decode batch. */
  kvAtJoin: Int32Array
  /** The batch's step counter when it joined. */
  joinedAt: Float64Array
  /** KV blocks held while it does not decode; those of a decoding one follow from its KV tokens. */
  blocks: Int32Array
  /** KV blocks that it holds in host memory. */
  hostBlocks: Int32Array
  /** Whether it waits because it was preempted: 1. */
  evicted: Uint8Array
  /** Neighbours in the queue or in the running list. */
  next: Int32Array
  previous: Int32Array
  preemptions: Int32Array
  /** Number of the first lane of the replica that it was routed to first; -1 before. */
  entryLane: Int32Array
  /** Number of the batch (lane) that it belongs to; -1 before it has one. */
  lane: Int32Array
  /** Whether any request said who sent it, or what is expected of it: until then those columns stay as they are. */
  #described = false
  #free: Int32Array
  /**
   * Free slots are reused in the order that they became free, so that neighbours in the queue are
   * neighbours in the columns: a long queue then costs few cache misses.
   */
  #freeHead = 0
  #freeCount = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.number = new Float64Array(capacity)
    this.arrival = new Float64Array(capacity)
    this.started = new Float64Array(capacity)
    this.entered = new Float64Array(capacity)
    this.queued = new Float64Array(capacity)
    this.firstToken = new Float64Array(capacity)
    this.lastToken = new Float64Array(capacity)
    this.prompt = new Int32Array(capacity)
    this.output = new Int32Array(capacity)
    this.session = new Int32Array(capacity).fill(-1)
    this.priority = new Int32Array(capacity)
    this.tenant = new Int32Array(capacity).fill(-1)
    this.limit = new Int32Array(capacity)
    this.predicted = new Int32Array(capacity)
    this.class = new Int32Array(capacity).fill(-1)
    this.stage = new Uint8Array(capacity)
    this.prefillTarget = new Int32Array(capacity)
    this.prefillDone = new Int32Array(capacity)
    this.generated = new Int32Array(capacity)
    this.kvAtJoin = new Int32Array(capacity)
    this.joinedAt = new Float64Array(capacity)
    this.blocks = new Int32Array(capacity)
    this.hostBlocks = new Int32Array(capacity)
    this.evicted = new Uint8Array(capacity)
    this.next = new Int32Array(capacity)
    this.previous = new Int32Array(capacity)
    this.preemptions = new Int32Array(capacity)
    this.entryLane = new Int32Array(capacity)
    this.lane = new Int32Array(capacity)
    this.#free = new Int32Array(capacity)
    this.#freeFrom(0)
  }

  /** Requests in the system. */
  get inUse(): number {
    return this.capacity - this.#freeCount
  }

  /** Takes a free slot for a new request. */
  open(request: RequestDraft): Slot {
    if (this.#freeCount === 0) this.#grow()
    const slot = this.#free[this.#freeHead]!
    if (++this.#freeHead === this.capacity) this.#freeHead = 0
    this.#freeCount--
    this.arrival[slot] = request.arrivalSeconds
    this.started[slot] = NaN
    this.entered[slot] = NaN
    this.prompt[slot] = request.promptTokens
    this.output[slot] = request.outputTokens
    if (this.#described || isDescribed(request)) this.#describe(slot, request)
    this.entryLane[slot] = -1
    this.lane[slot] = -1
    this.stage[slot] = WAITING
    this.prefillTarget[slot] = request.promptTokens
    this.prefillDone[slot] = 0
    this.generated[slot] = 0
    this.blocks[slot] = 0
    this.preemptions[slot] = 0
    if (this.adapters !== undefined) this.adapters.open(slot, request)
    if (this.images !== undefined) this.images.open(slot, request)
    if (this.prefix !== undefined) {
      this.prefix.contents.open(slot, request)
      this.prefix.paths.open(slot)
    }
    return slot
  }

  #describe(slot: Slot, request: RequestDraft): void {
    this.#described = true
    this.session[slot] = request.sessionId
    this.priority[slot] = request.priority
    this.tenant[slot] = request.tenantId ?? -1
    this.limit[slot] = request.maxOutputTokens ?? 0
    this.predicted[slot] = request.predictedOutputTokens ?? 0
    this.class[slot] = request.classId ?? -1
  }

  /** Forgets everything about a request but what its client asked for. */
  startOver(slot: Slot): void {
    this.prefix?.paths.forgetLook(slot)
    this.promises?.release(slot)
    this.started[slot] = NaN
    this.entered[slot] = NaN
    this.prefillTarget[slot] = this.prompt[slot]!
    this.prefillDone[slot] = 0
    this.generated[slot] = 0
    this.blocks[slot] = 0
    this.lane[slot] = -1
    this.entryLane[slot] = -1
  }

  close(slot: Slot): void {
    this.prefix?.contents.close(slot)
    this.promises?.release(slot)
    this.stage[slot] = FREE
    const end = this.#freeHead + this.#freeCount++
    this.#free[end < this.capacity ? end : end - this.capacity] = slot
  }

  /** Makes all slots from `first` on free; only when none is. */
  #freeFrom(first: number): void {
    this.#freeHead = 0
    this.#freeCount = this.capacity - first
    for (let i = 0; i < this.#freeCount; i++) this.#free[i] = first + i
  }

  #grow(): void {
    const old = this.capacity
    this.capacity = old * 2
    this.number = widened(this.number)
    this.arrival = widened(this.arrival)
    this.started = widened(this.started)
    this.entered = widened(this.entered)
    this.queued = widened(this.queued)
    this.firstToken = widened(this.firstToken)
    this.lastToken = widened(this.lastToken)
    this.prompt = widenedInt(this.prompt)
    this.output = widenedInt(this.output)
    this.session = widenedInt(this.session, -1)
    this.priority = widenedInt(this.priority)
    this.tenant = widenedInt(this.tenant, -1)
    this.limit = widenedInt(this.limit)
    this.predicted = widenedInt(this.predicted)
    this.class = widenedInt(this.class, -1)
    this.stage = widenedByte(this.stage)
    this.prefillTarget = widenedInt(this.prefillTarget)
    this.prefillDone = widenedInt(this.prefillDone)
    this.generated = widenedInt(this.generated)
    this.kvAtJoin = widenedInt(this.kvAtJoin)
    this.joinedAt = widened(this.joinedAt)
    this.blocks = widenedInt(this.blocks)
    this.hostBlocks = widenedInt(this.hostBlocks)
    this.evicted = widenedByte(this.evicted)
    this.next = widenedInt(this.next)
    this.previous = widenedInt(this.previous)
    this.preemptions = widenedInt(this.preemptions)
    this.entryLane = widenedInt(this.entryLane)
    this.lane = widenedInt(this.lane)
    this.#free = widenedInt(this.#free)
    this.#freeFrom(old)
  }
}

function isDescribed(request: RequestDraft): boolean {
  const { sessionId, priority, tenantId = -1, classId = -1 } = request
  const { maxOutputTokens = 0, predictedOutputTokens = 0 } = request
  return (
    (sessionId & tenantId & classId) !== -1 ||
    (priority | maxOutputTokens | predictedOutputTokens) !== 0
  )
}

function widened(column: Float64Array): Float64Array {
  const wide = new Float64Array(column.length * 2)
  wide.set(column)
  return wide
}

function widenedInt(column: Int32Array, otherwise = 0): Int32Array {
  const wide = new Int32Array(column.length * 2).fill(otherwise)
  wide.set(column)
  return wide
}

function widenedByte(column: Uint8Array): Uint8Array {
  const wide = new Uint8Array(column.length * 2)
  wide.set(column)
  return wide
}
