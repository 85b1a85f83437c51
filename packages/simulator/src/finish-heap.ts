import type { Slot } from '@llmsim/contracts'

/**
 * The decoding requests of a batch by the step counter at which they finish; ties by slot.
 *
 * A binary heap with the counters inside it: looking them up by slot would miss the processor's cache at each level
 * once many requests wait. Where a slot stands is not kept, as hardly any leaves before it finishes.
 */
export class FinishHeap {
  size: number = 0
  /** The step counter at which the first one finishes; Infinity when empty. */
  firstFinish: number = Infinity
  #slots: Int32Array = new Int32Array(64)
  #finish: Float64Array = new Float64Array(64)

  /** The request that finishes first; only when `size` is not 0. */
  get first(): Slot {
    return this.#slots[0]!
  }

  add(slot: Slot, finishAt: number): void {
    if (this.size === this.#slots.length) this.#grow()
    this.#siftUp(this.size++, slot, finishAt)
    this.firstFinish = this.#finish[0]!
  }

  /** Takes out the one that finishes first. */
  pop(): Slot {
    const slot = this.#slots[0]!
    this.#fill(0)
    return slot
  }

  /** Takes out any other. */
  remove(slot: Slot): void {
    this.#fill(this.#slots.indexOf(slot))
  }

  /**
   * Closes the gap at `start`: smaller children move up to the bottom, and the last one rises from there,
   * which takes half the comparisons of letting it sink, as it belongs near the bottom
   * (Wegener, "Bottom-up heapsort", TCS 118, 1993).
   */
  #fill(start: number): void {
    const slots = this.#slots
    const finish = this.#finish
    const size = --this.size
    let gap = start
    for (let child = 2 * gap + 1; child < size; child = 2 * gap + 1) {
      const left = finish[child]!
      const right = child + 1 < size ? finish[child + 1]! : Infinity
      if (right < left || (right === left && child + 1 < size && slots[child + 1]! < slots[child]!))
        child++
      slots[gap] = slots[child]!
      finish[gap] = finish[child]!
      gap = child
    }
    if (gap !== size) this.#siftUp(gap, slots[size]!, finish[size]!)
    this.firstFinish = size === 0 ? Infinity : finish[0]!
  }

  #siftUp(start: number, slot: Slot, finishAt: number): void {
    const slots = this.#slots
    const finish = this.#finish
    let position = start
    while (position > 0) {
      const parent = (position - 1) >> 1
      const above = finish[parent]!
      if (above < finishAt || (above === finishAt && slots[parent]! < slot)) break
      slots[position] = slots[parent]!
      finish[position] = above
      position = parent
    }
    slots[position] = slot
    finish[position] = finishAt
  }

  #grow(): void {
    const slots = new Int32Array(this.size * 2)
    slots.set(this.#slots)
    this.#slots = slots
    const finish = new Float64Array(this.size * 2)
    finish.set(this.#finish)
    this.#finish = finish
  }
}
