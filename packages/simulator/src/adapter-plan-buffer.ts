import type { Slot } from '@llmsim/contracts'
import type { LaneAdapters } from './lane-adapters.js'
import { PlanBuffer } from './plan-buffer.js'

/**
 * A plan that takes note of the LoRA adapters of those that it admits, as it is made. Whose adapter has no slot by then
 * is left waiting: a scheduler that knows nothing of adapters need not ask.
 */
export class AdapterPlanBuffer extends PlanBuffer {
  #adapters: LaneAdapters | undefined
  #leavesOut = false

  override reset(lane: { readonly adapters: LaneAdapters | undefined }): void {
    super.reset(lane)
    this.#leavesOut = false
    this.#adapters = lane.adapters
    lane.adapters?.store.beginPlan()
  }

  override prefill(slot: Slot, tokens: number): void {
    if (this.#takes(slot)) super.prefill(slot, tokens)
  }

  override admit(slot: Slot): void {
    if (this.#takes(slot)) super.admit(slot)
  }

  override finish(): void {
    if (!this.#leavesOut) return
    // Its scheduler counted on those that are left out.
    this.repeats = 1
    this.ignoresArrivals = false
  }

  #takes(slot: Slot): boolean {
    const adapters = this.#adapters
    if (adapters === undefined) return true
    const fits = adapters.fits(slot)
    if (fits) adapters.plan(slot)
    else this.#leavesOut = true
    return fits
  }
}
