import type { ReplicaView, StepPlan } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'

/**
 * Plans a decode step of all running requests, for as long as nothing changes. Where their next
 * tokens need more KV blocks than are free, the requests admitted last are preempted.
 *
 * @param admitted - requests that this plan admits already; their blocks have been seen to
 * @param freeBlockEach - whether each must find a free block when its turn comes, needed or not; one alone need not
 */
export function planDecode(
  view: ReplicaView,
  plan: StepPlan,
  admitted: number,
  freeBlockEach: boolean = false,
): void {
  if (view.decoding === 0 && admitted === 0) return
  let needed = view.blocksToDecodeAll
  let free = view.freeBlocks
  let left = view.decoding
  let slot = needed > free || freeBlockEach ? view.lastRunning() : NO_SLOT
  for (; slot !== NO_SLOT; slot = view.previousRunning(slot)) {
    const blocks = view.blocksToDecode(slot)
    const spare = freeBlockEach && left > 1 && blocks === 0 ? 1 : 0
    if (needed + spare <= free) break
    needed -= blocks
    free += view.heldBlocks(slot)
    left--
    plan.preempt(slot)
  }
  plan.decodeAll()
  // What a preemption freed may let somebody in at the next step.
  plan.repeats = free > view.freeBlocks ? 1 : Infinity
  if (!freeBlockEach) return
  if (admitted > 0) plan.repeats = 1
  if (left > 1) plan.spareBlocks = 1
}
