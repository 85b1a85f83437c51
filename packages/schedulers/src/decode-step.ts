import type { ReplicaView, StepPlan } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'

/**
 * Plans a decode step of all running requests, for as long as nothing changes. Where their next
 * tokens need more KV blocks than are free, the requests admitted last are preempted.
 *
 * @param admitted - requests that this plan admits already; their blocks have been seen to
 */
export function planDecode(view: ReplicaView, plan: StepPlan, admitted: number): void {
  if (view.decoding === 0 && admitted === 0) return
  let needed = view.blocksToDecodeAll
  let free = view.freeBlocks
  for (
    let slot = view.lastRunning();
    needed > free && slot !== NO_SLOT;
    slot = view.previousRunning(slot)
  ) {
    needed -= view.blocksToDecode(slot)
    free += view.heldBlocks(slot)
    plan.preempt(slot)
  }
  plan.decodeAll()
  // What a preemption freed may let somebody in at the next step.
  plan.repeats = free > view.freeBlocks ? 1 : Infinity
}
