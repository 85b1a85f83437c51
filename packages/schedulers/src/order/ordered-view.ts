import type { ReplicaView, Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { QueueDiscipline } from './queue-discipline.js'

/** A view whose waiting requests stand in another order; all else is as it was. */
export class OrderedView implements ReplicaView {
  readonly blocksToHold?: (tokens: number) => number
  readonly #discipline: QueueDiscipline
  #view: ReplicaView
  /** The waiting requests in order, and the one after each; undefined until somebody asks. */
  #first: Slot | undefined
  readonly #next: Slot[] = []

  constructor(view: ReplicaView, discipline: QueueDiscipline) {
    this.#view = view
    this.#discipline = discipline
    if (view.blocksToHold !== undefined)
      this.blocksToHold = (tokens) => this.#view.blocksToHold!(tokens)
  }

  /** Shows another view, or the same one after something has happened. */
  show(view: ReplicaView): void {
    this.#view = view
    this.#first = undefined
  }

  firstWaiting(): Slot {
    this.#first ??= this.#sort()
    return this.#fitting(this.#first)
  }

  nextWaiting(slot: Slot): Slot {
    this.#first ??= this.#sort()
    return this.#fitting(this.#next[slot]!)
  }

  /** The first from one on whose adapter has a slot still, given whom the plan admits by now. */
  #fitting(from: Slot): Slot {
    const view = this.#view
    let slot = from
    while (slot !== NO_SLOT && view.adapterFits?.(slot) === false) slot = this.#next[slot]!
    return slot
  }

  #sort(): Slot {
    const view = this.#view
    const slots: Slot[] = []
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot))
      slots.push(slot)
    this.#discipline.sort(view, slots)
    // Who is in host memory comes before all others, in every order.
    const { swapped = 0 } = view
    if (swapped > 0) {
      const rank = (slot: Slot): number => (view.isSwapped?.(slot) === true ? 0 : 1)
      slots.sort((a, b) => rank(a) - rank(b))
    }
    for (const [i, slot] of slots.entries()) this.#next[slot] = slots[i + 1] ?? NO_SLOT
    return slots[0] ?? NO_SLOT
  }

  get nowSeconds(): number {
    return this.#view.nowSeconds
  }
  get role(): ReplicaView['role'] {
    return this.#view.role
  }
  get waiting(): number {
    return this.#view.waiting
  }
  get running(): number {
    return this.#view.running
  }
  firstRunning(): Slot {
    return this.#view.firstRunning()
  }
  nextRunning(slot: Slot): Slot {
    return this.#view.nextRunning(slot)
  }
  lastRunning(): Slot {
    return this.#view.lastRunning()
  }
  previousRunning(slot: Slot): Slot {
    return this.#view.previousRunning(slot)
  }
  get decoding(): number {
    return this.#view.decoding
  }
  arrivalSeconds(slot: Slot): number {
    return this.#view.arrivalSeconds(slot)
  }
  queuedSeconds(slot: Slot): number {
    return this.#view.queuedSeconds(slot)
  }
  priority(slot: Slot): number {
    return this.#view.priority(slot)
  }
  tenantId(slot: Slot): number {
    return this.#view.tenantId?.(slot) ?? -1
  }
  classId(slot: Slot): number {
    return this.#view.classId?.(slot) ?? -1
  }
  adapterId(slot: Slot): number {
    return this.#view.adapterId?.(slot) ?? -1
  }
  adapterFits(slot: Slot): boolean {
    return this.#view.adapterFits?.(slot) ?? true
  }
  promptTokens(slot: Slot): number {
    return this.#view.promptTokens(slot)
  }
  generatedTokens(slot: Slot): number {
    return this.#view.generatedTokens(slot)
  }
  prefillRemaining(slot: Slot): number {
    return this.#view.prefillRemaining(slot)
  }
  kvTokens(slot: Slot): number {
    return this.#view.kvTokens(slot)
  }
  heldBlocks(slot: Slot): number {
    return this.#view.heldBlocks(slot)
  }
  sharedBlocks(slot: Slot): number {
    return this.#view.sharedBlocks?.(slot) ?? 0
  }
  cachedTokens(slot: Slot): number {
    return this.#view.cachedTokens?.(slot) ?? 0
  }
  blocksToDecode(slot: Slot): number {
    return this.#view.blocksToDecode(slot)
  }
  get swapped(): number {
    return this.#view.swapped ?? 0
  }
  isSwapped(slot: Slot): boolean {
    return this.#view.isSwapped?.(slot) ?? false
  }
  maxOutputTokens(slot: Slot): number {
    return this.#view.maxOutputTokens?.(slot) ?? Infinity
  }
  predictedOutputTokens(slot: Slot): number {
    return this.#view.predictedOutputTokens?.(slot) ?? NaN
  }
  deadlineSeconds(slot: Slot): number {
    return this.#view.deadlineSeconds?.(slot) ?? Infinity
  }
  get blockSize(): number {
    return this.#view.blockSize
  }
  blocksFor(tokens: number): number {
    return this.#view.blocksFor(tokens)
  }
  get totalBlocks(): number {
    return this.#view.totalBlocks
  }
  get freeBlocks(): number {
    return this.#view.freeBlocks
  }
  get blocksToDecodeAll(): number {
    return this.#view.blocksToDecodeAll
  }
}
