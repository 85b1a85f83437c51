import { NO_SLOT, type ReplicaView, type Scheduler, type StepPlan } from '@llmsim/contracts'

/** The simplest scheduler: one request at a time, the oldest that fits, from its prompt to its end. */
export function oneAtATime(): Scheduler {
  return {
    name: 'one-at-a-time',
    plan(view, plan) {
      if (view.blocksToDecodeAll > view.freeBlocks) plan.preempt(view.lastRunning())
      else if (view.decoding > 0) {
        plan.decodeAll()
        plan.repeats = Infinity
        plan.ignoresArrivals = true
      } else admitOldest(view, plan)
    },
  }
}

function admitOldest(view: ReplicaView, plan: StepPlan): void {
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    const remaining = view.prefillRemaining(slot)
    const held = view.heldBlocks(slot)
    const needed =
      remaining > 0
        ? view.blocksFor(view.kvTokens(slot) + remaining) - held
        : view.blocksToDecode(slot)
    if (needed > view.freeBlocks) continue
    if (remaining > 0) plan.prefill(slot, remaining)
    else {
      plan.admit(slot)
      plan.decodeAll()
    }
    return
  }
}
