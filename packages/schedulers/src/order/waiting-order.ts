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

/** Whether a waiting request has generated tokens and lost its KV cache. */
export function wasPreempted(view: ReplicaView, slot: Slot): boolean {
  return view.generatedTokens(slot) > 0 && view.kvTokens(slot) === 0
}
