import type { ReplicaView, Slot } from '@llmsim/contracts'

/**
 * Who of two waiting requests comes first: below 0 the first, above 0 the second; at 0 the one that stands
 * first in the queue. It may read only what stays as it is while a request waits, so that a plan holds for
 * as long as nothing happens.
 */
export type WaitingOrder = (view: ReplicaView, a: Slot, b: Slot) => number

/** The higher priority first (vLLM's policy of that name puts the lower number first). */
export const priorityOrder: WaitingOrder = (view, a, b) => view.priority(b) - view.priority(a)

/** The shortest prompt first; one that was preempted, and must be computed again, before those. */
export const shortestPromptOrder: WaitingOrder = (view, a, b) =>
  Number(wasPreempted(view, b)) - Number(wasPreempted(view, a)) ||
  view.promptTokens(a) - view.promptTokens(b)

/** Waiting requests from which on looking all of them up would take too long (SGLang). */
const MOST_LOOKED_UP = 128

/**
 * The longest prompt in the prefix cache first; first come first served where more than 128 wait. SGLang's
 * `lpm` of `python/sglang/srt/managers/schedule_policy.py`, without its look at what waiting requests have
 * in common. What is cached changes while a request waits: a plan with this order stands for one step.
 */
export const longestPrefixOrder: WaitingOrder = (view, a, b) =>
  view.waiting > MOST_LOOKED_UP ? 0 : (view.cachedTokens?.(b) ?? 0) - (view.cachedTokens?.(a) ?? 0)
/** The shortest predicted output first, those without a prediction last; who was preempted before all. */
export const shortestJobOrder: WaitingOrder = (view, a, b) =>
  Number(wasPreempted(view, b)) - Number(wasPreempted(view, a)) ||
  ascending(predictedTokens(view, a), predictedTokens(view, b))

/** The earliest deadline of the first token first; who has none, last. */
export const earliestDeadlineOrder: WaitingOrder = (view, a, b) =>
  ascending(view.deadlineSeconds?.(a) ?? Infinity, view.deadlineSeconds?.(b) ?? Infinity)

function predictedTokens(view: ReplicaView, slot: Slot): number {
  const predicted = view.predictedOutputTokens?.(slot) ?? NaN
  return Number.isNaN(predicted) ? Infinity : predicted
}

/** Of numbers that may be infinite. */
function ascending(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whether a waiting request has generated tokens and lost its KV cache. */
export function wasPreempted(view: ReplicaView, slot: Slot): boolean {
  return view.generatedTokens(slot) > 0 && view.prefillRemaining(slot) > 0
}
