import type { ReplicaView, SchedulerOptions, StepPlan } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'

/** KV blocks that admission leaves free for a watermark, which an idle replica ignores. */
export function keptBlocks(view: ReplicaView, watermark: number): number {
  return view.running > 0 ? Math.ceil(watermark * view.totalBlocks) : 0
}

/**
 * Admits waiting requests whose KV cache is here already (transferred ones), first come first served,
 * while the batch and the blocks allow.
 *
 * @returns how many
 */
export function admitResidents(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
): number {
  if (view.role !== 'decode') return 0
  let free = view.freeBlocks - view.blocksToDecodeAll
  let admitted = 0
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    if (view.running + admitted >= options.maxBatchSize) break
    if (view.prefillRemaining(slot) > 0) continue
    const blocks = view.blocksToDecode(slot)
    if (blocks > free) break
    free -= blocks
    plan.admit(slot)
    admitted++
  }
  return admitted
}

/**
 * Plans the whole remaining prompts of waiting requests, first come first served, as many as the
 * batch size, the token budget and the KV blocks allow; a prompt beyond the budget goes alone.
 *
 * @param admitted - requests that this plan admits already
 * @param latestSeconds - requests that were queued later are passed over
 * @returns whether there is any
 */
export function planPrefills(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
  admitted: number,
  latestSeconds: number = Infinity,
): boolean {
  let free = view.freeBlocks - keptBlocks(view, options.watermark)
  let size = view.running + admitted
  let tokens = 0
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    const remaining = view.prefillRemaining(slot)
    if (remaining === 0 || view.queuedSeconds(slot) > latestSeconds) continue
    const blocks = view.blocksFor(view.kvTokens(slot) + remaining) - view.heldBlocks(slot)
    const fits = size < options.maxBatchSize && blocks <= free
    if (!fits || (tokens > 0 && tokens + remaining > options.maxBatchedTokens)) break
    plan.prefill(slot, remaining)
    free -= blocks
    tokens += remaining
    size++
  }
  return tokens > 0
}
