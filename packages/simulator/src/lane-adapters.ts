import type { AdapterWork, Slot, StepWork } from '@llmsim/contracts'
import { emptyAdapterWork, NO_SLOT } from '@llmsim/contracts'
import type { AdapterColumn } from './adapter-column.js'
import type { AdapterStore } from './adapter-store.js'
import { widened } from './prompt-contents.js'
import type { SlotList } from './slot-list.js'

/** LoRA adapters of the requests of one lane: who waits and runs with which, and what they add to a step. */
export class LaneAdapters {
  readonly store: AdapterStore
  /** What those of the step that runs have to do; undefined where there are none. */
  work: AdapterWork | undefined = undefined
  readonly #column: AdapterColumn
  /** Waiting requests of this lane by adapter, all of them, and those without one. */
  #waiting = new Int32Array(64)
  #allWaiting = 0
  #plainWaiting = 0
  /** Adapters that its waiting requests have. */
  readonly #awaited = new Set<number>()
  /** Decoding requests by adapter, their different adapters, and the sums of ranks over both. */
  #decoding = new Int32Array(64)
  #decoders = 0
  #decoderRanks = 0
  #different = 0
  #differentRanks = 0
  /** The last step in whose chunks each adapter was. */
  #seenIn = new Int32Array(64)
  #step = 0
  readonly #work: AdapterWork = emptyAdapterWork()

  constructor(store: AdapterStore, column: AdapterColumn) {
    this.store = store
    this.#column = column
  }

  idOf(slot: Slot): number {
    return this.#column.ids[slot] ?? -1
  }

  /** Whether a waiting request's adapter has a slot beside those that run and that the plan admits. */
  fits(slot: Slot): boolean {
    const adapter = this.#column.ids[slot]!
    return adapter < 0 || this.store.fits(adapter)
  }

  /** The plan that is being made admits a request. */
  plan(slot: Slot): void {
    const adapter = this.idOf(slot)
    if (adapter >= 0) this.store.plan(adapter)
  }

  /** Waiting requests whose adapter has a slot. */
  get visible(): number {
    const { store } = this
    if (!store.isFull) return this.#allWaiting
    let visible = this.#plainWaiting
    for (const adapter of this.#awaited)
      if (store.isTaken(adapter)) visible += this.#waiting[adapter]!
    return visible
  }

  /** The first of the waiting requests, from one of them on, whose adapter has a slot. */
  visibleFrom(slot: Slot, next: Int32Array): Slot {
    let at = slot
    while (at !== NO_SLOT && !this.fits(at)) at = next[at]!
    return at
  }

  /** A request joins the queue (1) or leaves it (-1). */
  queue(slot: Slot, change: 1 | -1): void {
    const adapter = this.#column.ids[slot]!
    this.#allWaiting += change
    if (adapter < 0) {
      this.#plainWaiting += change
      return
    }
    this.#room(adapter)
    const after = this.#waiting[adapter]! + change
    this.#waiting[adapter] = after
    if (after === 0) this.#awaited.delete(adapter)
    else this.#awaited.add(adapter)
    this.store.queue(adapter, change)
  }

  /** A waiting request whose adapter has a slot runs from now on; the seconds that loading it takes. */
  admit(slot: Slot): number {
    const adapter = this.#column.ids[slot]!
    this.queue(slot, -1)
    return adapter < 0 ? 0 : this.store.acquire(adapter)
  }

  /** A request runs no more. */
  release(slot: Slot): void {
    const adapter = this.#column.ids[slot]!
    if (adapter >= 0) this.store.release(adapter)
  }

  /** A request joins the decode batch (1) or leaves it (-1). */
  decode(slot: Slot, change: 1 | -1): void {
    const adapter = this.#column.ids[slot]!
    if (adapter < 0) return
    this.#room(adapter)
    const before = this.#decoding[adapter]!
    const rank = this.#rankOf(adapter)
    this.#decoding[adapter] = before + change
    this.#decoders += change
    this.#decoderRanks += change * rank
    if (before === 0 || before + change === 0) {
      this.#different += change
      this.#differentRanks += change * rank
    }
  }

  /** Sets what the adapters of a step have to do: of its chunks, and of the decoding requests if they decode. */
  fill(work: StepWork, chunks: SlotList, decodes: boolean): void {
    const into = this.#work
    into.adapters = decodes ? this.#different : 0
    into.ranks = decodes ? this.#differentRanks : 0
    into.decodeRanks = decodes ? this.#decoderRanks : 0
    into.decodes = decodes ? this.#decoders : 0
    into.prefillRanks = 0
    into.prefillTokens = 0
    const step = ++this.#step
    for (let i = 0; i < chunks.size; i++) {
      const adapter = this.#column.ids[chunks.slots[i]!]!
      if (adapter < 0) continue
      this.#room(adapter)
      const rank = this.#rankOf(adapter)
      const tokens = chunks.amounts[i]!
      into.prefillTokens += tokens
      into.prefillRanks += tokens * rank
      if (this.#seenIn[adapter] === step) continue
      this.#seenIn[adapter] = step
      if (decodes && this.#decoding[adapter]! > 0) continue
      into.adapters++
      into.ranks += rank
    }
    this.work = into.adapters === 0 ? undefined : into
    work.adapters = this.work
  }

  /** The rank at which an adapter is computed. */
  #rankOf(adapter: number): number {
    return this.store.spec.paddedRank ?? this.#column.specs[adapter]!.rank
  }

  #room(adapter: number): void {
    if (adapter < this.#waiting.length) return
    const length = Math.max(2 * this.#waiting.length, adapter + 1)
    this.#waiting = widened(this.#waiting, length)
    this.#decoding = widened(this.#decoding, length)
    this.#seenIn = widened(this.#seenIn, length)
  }
}
