import type { Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { RequestTable } from './request-table.js'

/** A doubly linked list of requests, threaded through the table's columns; a request is in one at most. */
export class RequestList {
  head: Slot = NO_SLOT
  tail: Slot = NO_SLOT
  size: number = 0
  readonly #table: RequestTable

  constructor(table: RequestTable) {
    this.#table = table
  }

  pushBack(slot: Slot): void {
    const table = this.#table
    table.next[slot] = NO_SLOT
    table.previous[slot] = this.tail
    if (this.tail === NO_SLOT) this.head = slot
    else table.next[this.tail] = slot
    this.tail = slot
    this.size++
  }

  pushFront(slot: Slot): void {
    const table = this.#table
    table.previous[slot] = NO_SLOT
    table.next[slot] = this.head
    if (this.head === NO_SLOT) this.tail = slot
    else table.previous[this.head] = slot
    this.head = slot
    this.size++
  }

  remove(slot: Slot): void {
    const table = this.#table
    const next = table.next[slot]!
    const previous = table.previous[slot]!
    if (previous === NO_SLOT) this.head = next
    else table.next[previous] = next
    if (next === NO_SLOT) this.tail = previous
    else table.previous[next] = previous
    this.size--
  }
}
