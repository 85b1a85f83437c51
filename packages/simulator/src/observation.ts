import type {
  ObservedBlocks,
  ObservedLoad,
  ObservedRequest,
  ObservedSegment,
  ObservedTransfer,
  RequestDraft,
  RunObserver,
  Slot,
} from '@llmsim/contracts'
import { heldBlocks, hostBlocks } from './holdings.js'
import type { KvHandover } from './kv-handover.js'
import type { Lane } from './lane.js'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'
import { FREE } from './request-table.js'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

export interface ObservationParts {
  readonly observer: RunObserver
  readonly table: RequestTable
  readonly lanes: readonly Lane[]
  readonly replicas: readonly Replica[]
  readonly pools: readonly Pool[]
  readonly handover: KvHandover | undefined
  /** Prompts that are handed over make no token. */
  readonly firstTokenFromDecode: boolean
}

/** Tells an observer what happens, in objects that are used again and again. */
export class Observation {
  readonly #observer: RunObserver
  readonly #table: RequestTable
  readonly #lanes: readonly Lane[]
  readonly #replicas: readonly Replica[]
  readonly #handover: KvHandover | undefined
  readonly #firstTokenFromDecode: boolean
  /** By lane: its pool, its number in its replica, and its load when it was last told. */
  readonly #pool: Int32Array
  readonly #index: Int32Array
  readonly #waiting: Int32Array
  readonly #running: Int32Array
  readonly #request: Writable<ObservedRequest> = {
    number: 0,
    sessionId: -1,
    tenantId: -1,
    classId: -1,
    adapterId: -1,
    priority: 0,
    promptTokens: 0,
    outputTokens: 0,
    cachedTokens: 0,
    pool: -1,
    replica: -1,
    entryReplica: -1,
    arrivalSeconds: 0.5,
    queuedSeconds: 0.5,
    startSeconds: 0.5,
    firstTokenSeconds: 0.5,
    finishSeconds: 0.5,
    preemptions: 0,
    transferStartSeconds: 0.5,
    transferEndSeconds: 0.5,
    outcome: 'completed',
  }
  readonly #segment: Writable<ObservedSegment> = {
    pool: 0,
    replica: 0,
    lane: 0,
    startSeconds: 0.5,
    endSeconds: 0.5,
    steps: 0,
    seconds: 0.5,
    growth: 0.5,
    busySeconds: 0.5,
    kind: 'decode',
    prefillTokens: 0,
    prefillAttention: 0.5,
    chunks: 0,
    decodes: 0,
    decodeContext: 0,
    promptsDone: 0,
    firstGapSeconds: 0.5,
    joined: 0,
    firstTokens: 0,
    joinedGapsSeconds: 0.5,
    usedBlocks: 0,
  }
  readonly #load: Writable<ObservedLoad> = {
    nowSeconds: 0.5,
    pool: 0,
    replica: 0,
    lane: 0,
    waiting: 0,
    running: 0,
    waitingBefore: 0,
    runningBefore: 0,
  }
  readonly #transfer: Writable<ObservedTransfer> = {
    request: 0,
    fromPool: 0,
    fromReplica: 0,
    toPool: 1,
    toReplica: 0,
    bytes: 0.5,
    readySeconds: 0.5,
    startSeconds: 0.5,
    endSeconds: 0.5,
  }

  constructor(parts: ObservationParts) {
    this.#observer = parts.observer
    this.#table = parts.table
    this.#lanes = parts.lanes
    this.#replicas = parts.replicas
    this.#handover = parts.handover
    this.#firstTokenFromDecode = parts.firstTokenFromDecode
    const lanes = parts.lanes.length
    this.#pool = new Int32Array(lanes)
    this.#index = new Int32Array(lanes)
    this.#waiting = new Int32Array(lanes)
    this.#running = new Int32Array(lanes)
    parts.pools.forEach((pool, number) => {
      for (const replica of pool.replicas) {
        if (parts.observer.blocksSampled !== undefined) replica.observeBlocks()
        replica.lanes.forEach((lane, index) => {
          this.#pool[lane.id] = number
          this.#index[lane.id] = index
        })
      }
    })
  }

  arrived(draft: RequestDraft, number: number): void {
    if (this.#observer.requestArrived === undefined) return
    this.#observer.requestArrived(this.#drafted(draft, number))
  }

  rejected(draft: RequestDraft, number: number): void {
    if (this.#observer.requestFailed === undefined) return
    this.#observer.requestFailed(this.#drafted(draft, number))
  }

  finished(slot: Slot, now: number): void {
    if (this.#observer.requestFinished === undefined) return
    const request = this.#fill(slot)
    request.finishSeconds = now
    request.outcome = 'completed'
    this.#observer.requestFinished(request)
  }

  /** A request was not let in. */
  refused(slot: Slot): void {
    if (this.#observer.requestFailed === undefined) return
    const request = this.#fill(slot)
    request.finishSeconds = NaN
    request.outcome = 'rejected'
    this.#observer.requestFailed(request)
  }

  /** A request was given up, by its client or after faults. */
  failed(slot: Slot): void {
    if (this.#observer.requestFailed === undefined) return
    const request = this.#fill(slot)
    request.finishSeconds = NaN
    request.outcome = 'failed'
    this.#observer.requestFailed(request)
  }

  /** The queue and the batch of a lane may have changed. */
  load(lane: Lane, now: number): void {
    if (this.#observer.loadChanged === undefined) return
    const { id } = lane
    const waiting = lane.waiting.size
    const running = lane.running.size
    if (this.#waiting[id] === waiting && this.#running[id] === running) return
    const load = this.#load
    load.waitingBefore = this.#waiting[id]!
    load.runningBefore = this.#running[id]!
    this.#waiting[id] = waiting
    this.#running[id] = running
    load.nowSeconds = now
    load.pool = this.#pool[id]!
    load.replica = lane.replica
    load.lane = this.#index[id]!
    load.waiting = waiting
    load.running = running
    this.#observer.loadChanged(load)
  }

  /**
   * The lane's segment is over, at `end`; its tokens and blocks have not been applied yet.
   *
   * @param end where it was broken off between two steps: the time until then was busy all the same
   */
  segment(lane: Lane, end: number = lane.segment.end): void {
    if (this.#observer.segmentExecuted === undefined) return
    const { segment, chunks, table } = lane
    const into = this.#segment
    into.pool = this.#pool[lane.id]!
    into.replica = lane.replica
    into.lane = this.#index[lane.id]!
    into.startSeconds = segment.start
    into.endSeconds = end
    into.steps = segment.steps
    into.seconds = segment.seconds
    into.growth = segment.growth
    into.busySeconds = (end - segment.start) * lane.busyShare
    let tokens = 0
    let attention = 0
    let done = 0
    for (let i = 0; i < chunks.size; i++) {
      const slot = chunks.slots[i]!
      const amount = chunks.amounts[i]!
      const before = table.prefillDone[slot]!
      tokens += amount
      attention += amount * (before + (amount + 1) / 2)
      if (before + amount === table.prefillTarget[slot]) done++
    }
    into.prefillTokens = tokens
    into.prefillAttention = attention
    into.chunks = chunks.size
    into.promptsDone = this.#firstTokenFromDecode && lane.view.role === 'prefill' ? 0 : done
    into.kind = chunks.size === 0 ? 'decode' : lane.decodes ? 'mixed' : 'prefill'
    into.decodes = lane.decodes ? lane.decoders.size : 0
    into.decodeContext = lane.decodes ? lane.kvTokens + lane.decoders.size : 0
    into.firstGapSeconds = segment.start - lane.lastDecodeEnd + segment.seconds
    into.joined = lane.decodes ? lane.fresh.size - lane.firsts : 0
    into.firstTokens = lane.decodes ? lane.firsts : 0
    into.joinedGapsSeconds = joinedGaps(lane)
    into.usedBlocks = this.#replicas[lane.id]!.usedAt(end)
    this.#observer.segmentExecuted(into)
  }

  /** A KV cache goes onto the link. */
  transfer(
    slot: Slot,
    target: Replica,
    times: { ready: number; start: number; end: number },
    bytes: number,
  ): void {
    if (this.#observer.transferBegan === undefined) return
    const into = this.#transfer
    const lane = this.#lanes[this.#table.lane[slot]!]!
    into.request = this.#table.number[slot]!
    into.fromPool = this.#pool[lane.id]!
    into.fromReplica = lane.replica
    into.toPool = this.#pool[target.lanes[0]!.id]!
    into.toReplica = target.index
    into.bytes = bytes
    into.readySeconds = times.ready
    into.startSeconds = times.start
    into.endSeconds = times.end
    this.#observer.transferBegan(into)
  }

  /** The run is over: what is left in the system has not finished. */
  ended(now: number): void {
    const observer = this.#observer
    const table = this.#table
    if (observer.requestFailed !== undefined)
      for (let slot = 0; slot < table.capacity; slot++) {
        if (table.stage[slot] === FREE) continue
        const request = this.#fill(slot)
        request.finishSeconds = NaN
        request.outcome = 'unfinished'
        observer.requestFailed(request)
      }
    if (observer.blocksHeld !== undefined) this.#tellHoldings()
    if (observer.blocksSampled !== undefined)
      this.#replicas.forEach((replica, lane) => {
        if (this.#index[lane] !== 0) return
        const { observed } = replica
        const blocks: ObservedBlocks = {
          pool: this.#pool[lane]!,
          replica: replica.index,
          intervalSeconds: observed!.interval,
          totalBlocks: replica.kv.total,
          usedBlocks: observed!.values,
          samples: observed!.size,
        }
        observer.blocksSampled?.(blocks)
      })
    observer.runEnded?.(now)
  }

  #tellHoldings(): void {
    this.#replicas.forEach((replica, lane) => {
      if (this.#index[lane] !== 0) return
      this.#observer.blocksHeld?.({
        pool: this.#pool[lane]!,
        replica: replica.index,
        usedBlocks: replica.kv.used,
        heldBlocks: heldBlocks(replica, this.#table),
        hostUsedBlocks: replica.swap?.used ?? 0,
        hostHeldBlocks: hostBlocks(replica, this.#table),
      })
    })
  }

  /** A request of which no more is known than what it asks for. */
  #drafted(draft: RequestDraft, number: number): ObservedRequest {
    const request = this.#request
    request.number = number
    request.sessionId = draft.sessionId
    request.tenantId = draft.tenantId ?? -1
    request.classId = draft.classId ?? -1
    request.adapterId = draft.adapterId ?? -1
    request.priority = draft.priority
    request.promptTokens = draft.promptTokens
    request.outputTokens = draft.outputTokens
    request.cachedTokens = 0
    request.pool = -1
    request.replica = -1
    request.entryReplica = -1
    request.arrivalSeconds = draft.arrivalSeconds
    request.queuedSeconds = NaN
    request.startSeconds = NaN
    request.firstTokenSeconds = NaN
    request.finishSeconds = NaN
    request.preemptions = 0
    request.transferStartSeconds = NaN
    request.transferEndSeconds = NaN
    request.outcome = 'rejected'
    return request
  }

  #fill(slot: Slot): Writable<ObservedRequest> {
    const table = this.#table
    const request = this.#request
    const lane = table.lane[slot]!
    request.number = table.number[slot]!
    request.sessionId = table.session[slot]!
    request.tenantId = table.tenant[slot]!
    request.classId = table.class[slot]!
    request.adapterId = table.adapters?.ids[slot] ?? -1
    request.priority = table.priority[slot]!
    request.promptTokens = table.prompt[slot]!
    request.outputTokens = table.output[slot]!
    request.cachedTokens = table.prefix?.paths.hitTokens[slot] ?? 0
    request.pool = lane < 0 ? -1 : this.#pool[lane]!
    request.replica = lane < 0 ? -1 : this.#lanes[lane]!.replica
    request.entryReplica = this.#lanes[table.entryLane[slot]!]?.replica ?? -1
    request.arrivalSeconds = table.arrival[slot]!
    request.queuedSeconds = table.entered[slot]!
    request.startSeconds = table.started[slot]!
    const generated = this.#lanes[lane]?.generatedTokens(slot) ?? table.generated[slot]!
    request.firstTokenSeconds = generated > 0 ? table.firstToken[slot]! : NaN
    request.preemptions = table.preemptions[slot]!
    const handover = this.#handover
    request.transferStartSeconds = handover === undefined ? NaN : handover.readyAt(slot)
    request.transferEndSeconds = handover === undefined ? NaN : handover.arrivedAt(slot)
    return request
  }
}

/** Sum of the gaps that the first step of the lane's segment ends for those that have just joined. */
function joinedGaps({ segment, fresh, table }: Lane): number {
  let sum = 0
  for (let i = 0; i < fresh.size; i++) {
    const slot = fresh.slots[i]!
    if (table.generated[slot] !== 0) sum += segment.start + segment.seconds - table.lastToken[slot]!
  }
  return sum
}
