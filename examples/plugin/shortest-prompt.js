import { NO_SLOT } from '@llmsim/contracts'

/**
 * Admits one prompt at a time, the shortest that fits, and decodes while none does.
 *
 * @type {import('@llmsim/contracts').SchedulerFactory}
 */
export const shortestPrompt = {
  name: 'shortest-prompt',
  description: 'Takes in the shortest waiting prompt that fits, one in a step.',
  create: ({ maxBatchSize }) => ({
    name: 'shortest-prompt',
    plan(view, plan) {
      const full = view.running >= maxBatchSize
      const next = full ? NO_SLOT : shortestThatFits(view)
      if (next !== NO_SLOT && view.prefillRemaining(next) > 0) {
        plan.prefill(next, view.prefillRemaining(next))
        return
      }
      if (next !== NO_SLOT) plan.admit(next)
      else if (view.decoding === 0) return
      const preempted = next === NO_SLOT && makeRoom(view, plan)
      plan.decodeAll()
      // Who is let in at the next step may change after this one admits or frees memory.
      plan.repeats = preempted || next !== NO_SLOT ? 1 : Infinity
      plan.ignoresArrivals = full
    },
  }),
}

/** @param {import('@llmsim/contracts').ReplicaView} view */
function shortestThatFits(view) {
  let shortest = NO_SLOT
  let length = Infinity
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    const tokens = view.prefillRemaining(slot)
    // A transferred request (0 tokens left) takes a block at most, beside those of all the others.
    const blocks =
      tokens === 0
        ? view.blocksToDecode(slot) + view.blocksToDecodeAll
        : view.blocksFor(view.kvTokens(slot) + tokens) - view.heldBlocks(slot)
    if (tokens >= length || blocks > view.freeBlocks) continue
    shortest = slot
    length = tokens
  }
  return shortest
}

/**
 * Preempts the requests admitted last until the others can decode.
 *
 * @param {import('@llmsim/contracts').ReplicaView} view
 * @param {import('@llmsim/contracts').StepPlan} plan
 */
function makeRoom(view, plan) {
  let needed = view.blocksToDecodeAll
  let free = view.freeBlocks
  for (let slot = view.lastRunning(); needed > free; slot = view.previousRunning(slot)) {
    needed -= view.blocksToDecode(slot)
    free += view.heldBlocks(slot)
    plan.preempt(slot)
  }
  return free > view.freeBlocks
}
