import type { Slot } from '@llmsim/contracts'

/**
 * Requests of a batch by the step counter at which something happens to each, the next one first; ties by slot.
 *
 * A binary heap with the counters inside it: looking them up by slot would miss the processor's cache at each level
 * once many requests wait. Where a slot stands is not kept, as hardly any leaves before its turn.
 */
export class CounterHeap {
  size: number = 0
  /** The step counter of the first one; Infinity when empty. */
  next: number = Infinity
  #slots: Int32Array = new Int32Array(64)
  #counters: Float64Array = new Float64Array(64)

  /** The request whose turn comes first; only when `size` is not 0. */
  get first(): Slot {
    return this.#slots[0]!
  }

  add(slot: Slot, counter: number): void {
    if (this.size === this.#slots.length) this.#grow()
    this.#siftUp(this.size++, slot, counter)
    this.next = this.#counters[0]!
  }

  /** Takes out the one whose turn comes first. */
  pop(): Slot {
    const slot = this.#slots[0]!
    this.#fill(0)
    return slot
  }

  /** Takes out any other, if it is in it. */
  remove(slot: Slot): void {
    const position = this.#slots.indexOf(slot)
    if (position >= 0 && position < this.size) this.#fill(position)
  }

  /**
   * Closes the gap at `start`: smaller children move up to the bottom, and the last one rises from there,
   * which takes half the comparisons of letting it sink, as it belongs near the bottom
   * (Wegener, "Bottom-up heapsort", TCS 118, 1993).
   */
  #fill(start: number): void {
    const slots = this.#slots
    const counters = this.#counters
    const size = --this.size
    let gap = start
    for (let child = 2 * gap + 1; child < size; child = 2 * gap + 1) {
      const left = counters[child]!
      const right = child + 1 < size ? counters[child + 1]! : Infinity
      if (right < left || (right === left && child + 1 < size && slots[child + 1]! < slots[child]!))
        child++
      slots[gap] = slots[child]!
      counters[gap] = counters[child]!
      gap = child
    }
    if (gap !== size) this.#siftUp(gap, slots[size]!, counters[size]!)
    this.next = size === 0 ? Infinity : counters[0]!
  }

  #siftUp(start: number, slot: Slot, counter: number): void {
    const slots = this.#slots
    const counters = this.#counters
    let position = start
    while (position > 0) {
      const parent = (position - 1) >> 1
      const above = counters[parent]!
      if (above < counter || (above === counter && slots[parent]! < slot)) break
      slots[position] = slots[parent]!
      counters[position] = above
      position = parent
    }
    slots[position] = slot
    counters[position] = counter
  }

  #grow(): void {
    const slots = new Int32Array(this.size * 2)
    slots.set(this.#slots)
    this.#slots = slots
    const counters = new Float64Array(this.size * 2)
    counters.set(this.#counters)
    this.#counters = counters
  }
}
