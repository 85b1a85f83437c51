import type { Slot } from '@llmsim/contracts'
import type { LaneAdapters } from './lane-adapters.js'
import { PlanBuffer } from './plan-buffer.js'

/** A plan that takes note of the LoRA adapters of those that it admits, as it is made. */
export class AdapterPlanBuffer extends PlanBuffer {
  #adapters: LaneAdapters | undefined

  override reset(lane: { readonly adapters: LaneAdapters | undefined }): void {
    super.reset(lane)
    this.#adapters = lane.adapters
    lane.adapters?.store.beginPlan()
  }

  override prefill(slot: Slot, tokens: number): void {
    super.prefill(slot, tokens)
    this.#adapters?.plan(slot)
  }

  override admit(slot: Slot): void {
    super.admit(slot)
    this.#adapters?.plan(slot)
  }
}
