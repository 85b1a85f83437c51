import type { PreemptionMode, Slot, StepPlan } from '@llmsim/contracts'
import { SlotList } from './slot-list.js'

/** Beside a preempted request: its KV cache is dropped whatever room there is for it. */
export const RECOMPUTE = 1

/** What a scheduler planned, as lists that are reused from step to step. */
export class PlanBuffer implements StepPlan {
  repeats: number = 1
  spareBlocks: number = 0
  reviewAtSeconds: number = Infinity
  ignoresArrivals: boolean = false
  decodesAll: boolean = false
  readonly prefills: SlotList = new SlotList()
  readonly admits: SlotList = new SlotList()
  readonly decodes: SlotList = new SlotList()
  readonly preempts: SlotList = new SlotList()

  reset(_lane?: object): void {
    this.repeats = 1
    this.spareBlocks = 0
    this.reviewAtSeconds = Infinity
    this.ignoresArrivals = false
    this.decodesAll = false
    this.prefills.size = 0
    this.admits.size = 0
    this.decodes.size = 0
    this.preempts.size = 0
  }

  /** The plan is made. */
  finish(): void {
    // Everything in it stands.
  }

  prefill(slot: Slot, tokens: number): void {
    // The list holds 32-bit integers; what does not fit becomes 0, which the check refuses.
    this.prefills.push(slot, tokens === (tokens | 0) ? tokens : 0)
  }

  admit(slot: Slot): void {
    this.admits.push(slot, 0)
  }

  decodeAll(): void {
    this.decodesAll = true
  }

  decode(slot: Slot): void {
    this.decodes.push(slot, 0)
  }

  preempt(slot: Slot, mode?: PreemptionMode): void {
    this.preempts.push(slot, mode === 'recompute' ? RECOMPUTE : 0)
  }
}
