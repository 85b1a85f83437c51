import type { Slot } from '@llmsim/contracts'
import type { RequestTable } from './request-table.js'

/** Tenants with figures of their own; all that come later share the last group. */
export const TENANTS = 64

/** How many decoding requests of a lane belong to each group: the classes, then the tenants. */
export class DecoderTally {
  readonly counts: Int32Array
  readonly #table: RequestTable
  readonly #classes: number

  constructor(table: RequestTable, classes: number) {
    this.#table = table
    this.#classes = classes
    this.counts = new Int32Array(classes + TENANTS + 1)
  }

  /** A request joined the decode batch (1) or left it (-1). */
  add(slot: Slot, change: number): void {
    const byClass = this.#table.class[slot]!
    if (byClass >= 0 && byClass < this.#classes) this.#change(byClass, change)
    const tenant = this.#table.tenant[slot]!
    if (tenant >= 0) this.#change(this.#classes + Math.min(tenant, TENANTS), change)
  }

  #change(group: number, change: number): void {
    this.counts[group] = this.counts[group]! + change
  }
}
