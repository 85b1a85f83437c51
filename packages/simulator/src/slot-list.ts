import type { Slot } from '@llmsim/contracts'

/** A list of slots, each with a number beside it, that is refilled without being allocated again. */
export class SlotList {
  size: number = 0
  slots: Int32Array = new Int32Array(32)
  amounts: Int32Array = new Int32Array(32)

  push(slot: Slot, amount: number): void {
    if (this.size === this.slots.length) {
      const slots = new Int32Array(this.size * 2)
      slots.set(this.slots)
      this.slots = slots
      const amounts = new Int32Array(this.size * 2)
      amounts.set(this.amounts)
      this.amounts = amounts
    }
    this.slots[this.size] = slot
    this.amounts[this.size++] = amount
  }

  /** Removes a slot if it is there, keeping the order; whether it was. */
  remove(slot: Slot): boolean {
    for (let i = 0; i < this.size; i++) {
      if (this.slots[i] !== slot) continue
      this.slots.copyWithin(i, i + 1, this.size)
      this.amounts.copyWithin(i, i + 1, this.size)
      this.size--
      return true
    }
    return false
  }

  copyFrom(other: SlotList): void {
    this.size = 0
    for (let i = 0; i < other.size; i++) this.push(other.slots[i]!, other.amounts[i]!)
  }
}
