import type { Slot } from '@llmsim/contracts'
import type { RequestTable } from './request-table.js'

/** The decoding requests of a batch by the step counter at which they finish; ties by slot. */
export class FinishHeap {
  size: number = 0
  #heap: Int32Array = new Int32Array(64)
  readonly #table: RequestTable

  constructor(table: RequestTable) {
    this.#table = table
  }

  /** The request that finishes first; only when `size` is not 0. */
  get first(): Slot {
    return this.#heap[0]!
  }

  /** The step counter at which the first one finishes; Infinity when empty. */
  get firstFinish(): number {
    return this.size === 0 ? Infinity : this.#table.finishAt[this.#heap[0]!]!
  }

  add(slot: Slot): void {
    if (this.size === this.#heap.length) {
      const wide = new Int32Array(this.size * 2)
      wide.set(this.#heap)
      this.#heap = wide
    }
    this.#siftUp(this.size++, slot)
  }

  /** Takes out the one that finishes first. */
  pop(): Slot {
    const slot = this.#heap[0]!
    if (--this.size > 0) this.#siftDown(0, this.#heap[this.size]!)
    return slot
  }

  remove(slot: Slot): void {
    const position = this.#table.heapPosition[slot]!
    const last = this.#heap[--this.size]!
    if (position === this.size) return
    this.#siftUp(position, last)
    this.#siftDown(this.#table.heapPosition[last]!, last)
  }

  #before(a: Slot, b: Slot): boolean {
    const finishAt = this.#table.finishAt
    const fa = finishAt[a]!
    const fb = finishAt[b]!
    return fa < fb || (fa === fb && a < b)
  }

  #siftUp(start: number, slot: Slot): void {
    const heap = this.#heap
    const positions = this.#table.heapPosition
    let position = start
    while (position > 0) {
      const parent = (position - 1) >> 1
      const other = heap[parent]!
      if (!this.#before(slot, other)) break
      heap[position] = other
      positions[other] = position
      position = parent
    }
    heap[position] = slot
    positions[slot] = position
  }

  #siftDown(start: number, slot: Slot): void {
    const heap = this.#heap
    const positions = this.#table.heapPosition
    let position = start
    for (;;) {
      let child = 2 * position + 1
      if (child >= this.size) break
      if (child + 1 < this.size && this.#before(heap[child + 1]!, heap[child]!)) child++
      const other = heap[child]!
      if (!this.#before(other, slot)) break
      heap[position] = other
      positions[other] = position
      position = child
    }
    heap[position] = slot
    positions[slot] = position
  }
}
