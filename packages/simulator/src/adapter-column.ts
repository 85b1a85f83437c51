import type { AdapterSpec, RequestDraft, Slot } from '@llmsim/contracts'
import { widened } from './prompt-contents.js'

/** Which LoRA adapter each request has, by slot; only in runs where requests have any. */
export class AdapterColumn {
  /** What is known of them; a source may add some as it goes. */
  readonly specs: readonly AdapterSpec[]
  /** -1: none. */
  ids: Int32Array = new Int32Array(64)

  constructor(specs: readonly AdapterSpec[]) {
    this.specs = specs
  }

  open(slot: Slot, { adapterId = -1 }: RequestDraft): void {
    if (slot >= this.ids.length)
      this.ids = widened(this.ids, Math.max(this.ids.length * 2, slot + 1))
    this.ids[slot] = adapterId
  }
}
