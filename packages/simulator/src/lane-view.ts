import type { PoolRole, ReplicaView, Slot } from '@llmsim/contracts'
import type { Lane } from './lane.js'
import { DECODING, PAUSED, PREFILLING, WAITING } from './request-table.js'
import { WindowedKvBlocks } from './windowed-kv-blocks.js'

/** A lane as its scheduler sees it: no output length can be reached from here. */
export class LaneView implements ReplicaView {
  readonly role: PoolRole
  readonly blocksToHold?: (tokens: number) => number
  readonly #lane: Lane

  constructor(lane: Lane, role: PoolRole) {
    this.#lane = lane
    this.role = role
    const { kv } = lane
    if (kv instanceof WindowedKvBlocks) this.blocksToHold = (tokens) => kv.mostHeldBy(tokens)
  }

  get nowSeconds(): number {
    return this.#lane.now
  }

  get waiting(): number {
    return this.#lane.waiting.size
  }

  firstWaiting(): Slot {
    return this.#lane.waiting.head
  }

  nextWaiting(slot: Slot): Slot {
    return this.#lane.table.next[slot]!
  }

  get running(): number {
    return this.#lane.running.size
  }

  firstRunning(): Slot {
    return this.#lane.running.head
  }

  nextRunning(slot: Slot): Slot {
    return this.#lane.table.next[slot]!
  }

  lastRunning(): Slot {
    return this.#lane.running.tail
  }

  previousRunning(slot: Slot): Slot {
    return this.#lane.table.previous[slot]!
  }

  get decoding(): number {
    return this.#lane.decoders.size + this.#lane.paused
  }

  arrivalSeconds(slot: Slot): number {
    return this.#lane.table.arrival[slot]!
  }

  queuedSeconds(slot: Slot): number {
    return this.#lane.table.queued[slot]!
  }

  priority(slot: Slot): number {
    return this.#lane.table.priority[slot]!
  }

  tenantId(slot: Slot): number {
    return this.#lane.table.tenant[slot]!
  }

  classId(slot: Slot): number {
    return this.#lane.table.class[slot]!
  }

  promptTokens(slot: Slot): number {
    return this.#lane.table.prompt[slot]!
  }

  generatedTokens(slot: Slot): number {
    return this.#lane.generatedTokens(slot)
  }

  prefillRemaining(slot: Slot): number {
    const table = this.#lane.table
    const stage = table.stage[slot]
    if (stage !== WAITING && stage !== PREFILLING) return 0
    return table.prefillTarget[slot]! - table.prefillDone[slot]!
  }

  kvTokens(slot: Slot): number {
    return this.#lane.kvTokensOf(slot)
  }

  heldBlocks(slot: Slot): number {
    return this.#lane.heldBlocks(slot)
  }

  blocksToDecode(slot: Slot): number {
    const stage = this.#lane.table.stage[slot]
    if (stage !== DECODING && stage !== PAUSED && this.prefillRemaining(slot) > 0) return 0
    const host = this.#lane.table.hostBlocks[slot]!
    return host + this.#lane.growthOf(slot)
  }

  get swapped(): number {
    return this.#lane.swapped
  }

  isSwapped(slot: Slot): boolean {
    return this.#lane.table.hostBlocks[slot]! > 0
  }

  maxOutputTokens(slot: Slot): number {
    const limit = this.#lane.table.limit[slot]!
    return limit === 0 ? Infinity : limit
  }

  predictedOutputTokens(slot: Slot): number {
    const predicted = this.#lane.table.predicted[slot]!
    return predicted === 0 ? NaN : predicted
  }

  deadlineSeconds(slot: Slot): number {
    const { table } = this.#lane
    const { firstTokenObjectives: objectives, firstTokenObjective: otherwise } = table
    return table.arrival[slot]! + (objectives[table.class[slot]!] ?? otherwise)
  }

  get blockSize(): number {
    return this.#lane.kv.size
  }

  blocksFor(tokens: number): number {
    return this.#lane.kv.blocksFor(tokens)
  }

  get totalBlocks(): number {
    return this.#lane.kv.total
  }

  get freeBlocks(): number {
    return this.#lane.kv.free
  }

  get blocksToDecodeAll(): number {
    return this.#lane.blocksToDecodeAll
  }
}
