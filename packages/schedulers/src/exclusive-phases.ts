import type { ReplicaView, Scheduler, SchedulerOptions, StepPlan } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { admitReady, planPrefills } from './admission.js'
import { planDecode } from './decode-step.js'
import { wasPreempted } from './order/waiting-order.js'

/** When a batch of waiting requests may form. */
export interface BatchFormation {
  /** Whether a running batch takes in newcomers (`continuous`) or runs to its end (`static`). */
  readonly batching: 'static' | 'continuous'
  /** Whether a batch waits to fill: for `minBatchSize` requests, or `batchingWindowSeconds`. */
  readonly windowed: boolean
  /** Whether a free KV block is wanted for each request that decodes, needed or not. */
  readonly freeBlockEach?: boolean
}

/**
 * A scheduler whose steps either prefill or decode, never both: whole prompts, first come first
 * served, admitted while KV blocks last; when blocks run out while decoding, the request admitted
 * last is preempted and later recomputed.
 *
 * With `phaseOrder: 'prefill-first'` waiting prompts go before decoding (as in vLLM v0); with
 * `'decode-first'` running requests get at least one token between any two prefill steps. A static batch
 * has only one order: all of its prompts, then all of its decoding.
 */
export function exclusivePhases(
  name: string,
  options: SchedulerOptions,
  formation: BatchFormation,
): Scheduler {
  const isStatic = formation.batching === 'static'
  const decodeFirst = options.phaseOrder === 'decode-first' && !isStatic
  let prefilledLast = false
  /** Static batching: when the batch formed, in seconds; who came later waits for the next one. */
  let formedAt = Infinity

  return {
    name,
    resumesSwapped: true,
    seesPrefixes: true,
    plan(view, plan) {
      // A batch whose prompts are too many for one step takes several, before it decodes.
      const forming = isStatic && prefilledLast && view.running > 0
      const open = forming || mayForm(view, plan, options, formation)
      const swapped = (view.swapped ?? 0) > 0
      const ready =
        open && !forming ? admitReady(view, plan, options, options.watermark) : undefined
      const residents = ready?.slots.length ?? 0
      const mustDecode = prefilledLast && decodeFirst && view.decoding > 0
      if (isStatic && !forming) formedAt = view.nowSeconds
      // Who is in host memory goes before any prompt (vLLM v0). A static batch is of all who are there: who comes
      // back stands still until the prompts are done, and only one who finds no room is waited for.
      const behind = isStatic && !forming ? ready?.blocked === true : swapped
      const mayPrefill = open && !mustDecode && !behind
      const back = isStatic && swapped && ready !== undefined ? ready.blocks : 0
      if (mayPrefill && planPrefills(view, plan, options, residents, formedAt, back)) {
        prefilledLast = true
        return
      }
      prefilledLast = false
      planDecode(view, plan, residents, formation.freeBlockEach)
      if ((mustDecode && view.waiting > residents) || (swapped && residents > 0)) plan.repeats = 1
      plan.ignoresArrivals = isClosed(view, options, formation, mayPrefill || swapped, residents)
    },
  }
}

/** Whether no newcomer could join before something finishes. */
function isClosed(
  view: ReplicaView,
  options: SchedulerOptions,
  { batching }: BatchFormation,
  tried: boolean,
  residents: number,
): boolean {
  if (batching === 'static') return view.running > 0
  if (view.running + residents >= options.maxBatchSize) return true
  // First come first served: behind one that does not fit nobody is admitted. On a decode replica
  // those with their KV cache there overtake a preempted one that must be recomputed.
  return view.role !== 'decode' && tried && view.waiting > 0
}

function mayForm(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
  { batching, windowed }: BatchFormation,
): boolean {
  if (view.waiting === 0) return false
  if (batching === 'static' && view.running > 0) return false
  if (!windowed || view.waiting >= options.minBatchSize) return true
  // Whatever the order of the queue, the window is that of the one that has waited longest.
  let oldest = Infinity
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    if (wasPreempted(view, slot) || view.isSwapped?.(slot) === true) return true
    oldest = Math.min(oldest, view.queuedSeconds(slot))
  }
  const due = oldest + options.batchingWindowSeconds
  if (view.nowSeconds >= due) return true
  plan.reviewAtSeconds = due
  return false
}
