import type { Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { CounterHeap } from './counter-heap.js'

/** Steps ahead that the wheel looks, a power of two: more than most outputs have, and small beside a cache. */
const SPAN = 1024
const MASK = SPAN - 1
const WORDS = SPAN / 32
/** No entry. */
const NONE = -1
/** Of a wheel that no request has been in; never written. */
const noHeads = new Int32Array(SPAN).fill(NONE)

/**
 * Requests of a batch by the step counter at which something happens to each, the next one first; ties by slot.
 *
 * A timing wheel (Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP '87, scheme 4): a place for each
 * of the coming steps, and a bit for each place that is taken, so that adding and taking out compare nothing, and
 * the processor guesses no branch wrong. Turns beyond its span wait in a heap.
 */
export class CounterWheel {
  size: number = 0
  /** The step counter of the first one; Infinity when empty. */
  next: number = Infinity
  /** By counter modulo the span: the first entry of those whose turn is then. */
  #heads: Int32Array = noHeads
  /** A bit for each of these that has one. */
  readonly #taken: Int32Array = new Int32Array(WORDS)
  /** Entries: the request, its place, and the next one in the same place or in the list of free ones. */
  #slots: Int32Array = new Int32Array(0)
  #places: Int32Array = new Int32Array(0)
  #after: Int32Array = new Int32Array(0)
  #free = NONE
  readonly #far: CounterHeap = new CounterHeap()

  /** Adds one whose turn comes after `now`; those whose turn was until then are out. */
  add(slot: Slot, counter: number, now: number): void {
    this.size++
    if (counter < this.next) this.next = counter
    if (counter - now >= SPAN) this.#far.add(slot, counter)
    else this.#put(slot, counter & MASK)
  }

  #put(slot: Slot, place: number): void {
    if (this.#free === NONE) this.#grow()
    const slots = this.#slots
    const after = this.#after
    const entry = this.#free
    this.#free = after[entry]!
    slots[entry] = slot
    this.#places[entry] = place
    let before = NONE
    let other = this.#heads[place]!
    while (other !== NONE && slots[other]! < slot) {
      before = other
      other = after[other]!
    }
    after[entry] = other
    if (before !== NONE) after[before] = entry
    else {
      this.#heads[place] = entry
      this.#taken[place >> 5] = this.#taken[place >> 5]! | (1 << (place & 31))
    }
  }

  /** Takes out the one whose turn comes first; only when `size` is not 0. */
  pop(): Slot {
    const place = this.next & MASK
    const entry = this.#heads[place]!
    const slot = entry === NONE ? NO_SLOT : this.#slots[entry]!
    this.size--
    const far = this.#far
    if (far.next === this.next && (entry === NONE || far.first < slot)) {
      const first = far.pop()
      if (entry === NONE) this.#seek()
      return first
    }
    this.#release(entry, this.#after[entry]!, place)
    return slot
  }

  /** Takes out any other, if it is in it. */
  remove(slot: Slot): void {
    const entry = this.#slots.indexOf(slot)
    if (entry === NONE) {
      const { size } = this.#far
      this.#far.remove(slot)
      if (this.#far.size === size) return
      this.size--
      this.#seek()
      return
    }
    this.size--
    const place = this.#places[entry]!
    const after = this.#after
    const rest = after[entry]!
    let other = this.#heads[place]!
    if (other === entry) this.#release(entry, rest, place)
    else {
      while (after[other] !== entry) other = after[other]!
      after[other] = rest
      this.#discard(entry)
    }
  }

  /** Takes the first entry out of a place, where `rest` are then the others. */
  #release(entry: number, rest: number, place: number): void {
    this.#heads[place] = rest
    this.#discard(entry)
    if (rest !== NONE) return
    this.#taken[place >> 5] = this.#taken[place >> 5]! & ~(1 << (place & 31))
    if (place === (this.next & MASK)) this.#seek()
  }

  #discard(entry: number): void {
    this.#slots[entry] = NO_SLOT
    this.#after[entry] = this.#free
    this.#free = entry
  }

  /** Finds the next turn, from what was the next one on. */
  #seek(): void {
    const far = this.#far
    const from = this.next
    this.next = far.next
    if (this.size === far.size) return
    const taken = this.#taken
    const place = from & MASK
    let word = place >> 5
    let bits = taken[word]! & (-1 << (place & 31))
    while (bits === 0) {
      word = (word + 1) & (WORDS - 1)
      bits = taken[word]!
    }
    const found = word * 32 + 31 - Math.clz32(bits & -bits)
    const counter = from + ((found - place) & MASK)
    if (counter < far.next) this.next = counter
  }

  #grow(): void {
    const before = this.#slots.length
    if (before === 0) this.#heads = new Int32Array(SPAN).fill(NONE)
    const length = Math.max(64, 2 * before)
    const wider = (column: Int32Array): Int32Array => {
      const wide = new Int32Array(length).fill(NO_SLOT)
      wide.set(column)
      return wide
    }
    this.#slots = wider(this.#slots)
    this.#places = wider(this.#places)
    this.#after = wider(this.#after)
    for (let entry = length - 1; entry >= before; entry--) {
      this.#after[entry] = this.#free
      this.#free = entry
    }
  }
}
