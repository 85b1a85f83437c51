/**
 * Requests by the step, counted by their batch's counter, at which what their window holds changes: the next one
 * first. A heap, in which each slot stands once at most.
 */
export class WindowChanges {
  #size = 0
  #slots = new Int32Array(64)
  #counters = new Float64Array(64)
  /** By slot: its place in the heap plus 1; 0: it is not in it. */
  #places = new Int32Array(64)

  /** When the next one changes; Infinity: none does. */
  get next(): number {
    return this.#size === 0 ? Infinity : this.#counters[0]!
  }

  /** Enters a request that is not in it. */
  add(slot: number, counter: number): void {
    if (this.#size === this.#slots.length) {
      this.#slots = widened(this.#slots, 2 * this.#size)
      const counters = new Float64Array(2 * this.#size)
      counters.set(this.#counters)
      this.#counters = counters
    }
    if (slot >= this.#places.length)
      this.#places = widened(this.#places, Math.max(slot + 1, 2 * this.#places.length))
    this.#rise(this.#size++, slot, counter)
  }

  /** Takes out the request that changes next. */
  pop(): number {
    const slot = this.#slots[0]!
    this.remove(slot)
    return slot
  }

  /** Takes a request out, if it is in it. */
  remove(slot: number): void {
    const place = (this.#places[slot] ?? 0) - 1
    if (place < 0) return
    this.#places[slot] = 0
    const last = --this.#size
    if (place === last) return
    const moved = this.#slots[last]!
    const counter = this.#counters[last]!
    if (place > 0 && counter < this.#counters[(place - 1) >> 1]!) this.#rise(place, moved, counter)
    else this.#sink(place, moved, counter)
  }

  #rise(from: number, slot: number, counter: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (this.#counters[parent]! <= counter) break
      this.#put(place, this.#slots[parent]!, this.#counters[parent]!)
      place = parent
    }
    this.#put(place, slot, counter)
  }

  #sink(from: number, slot: number, counter: number): void {
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && this.#counters[child + 1]! < this.#counters[child]!) child++
      if (this.#counters[child]! >= counter) break
      this.#put(place, this.#slots[child]!, this.#counters[child]!)
      place = child
    }
    this.#put(place, slot, counter)
  }

  #put(place: number, slot: number, counter: number): void {
    this.#slots[place] = slot
    this.#counters[place] = counter
    this.#places[slot] = place + 1
  }
}

function widened(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(length)
  wide.set(column)
  return wide
}
