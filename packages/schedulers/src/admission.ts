import type { ReplicaView, SchedulerOptions, Slot, StepPlan } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'

/** KV blocks that admission leaves free for a watermark, which an idle replica ignores. */
export function keptBlocks(view: ReplicaView, watermark: number): number {
  return view.running > 0 ? Math.ceil(watermark * view.totalBlocks) : 0
}

/** Waiting requests that a plan admits without computing anything for them. */
export interface ReadyRequests {
  readonly slots: readonly Slot[]
  /** KV blocks that they take, at least one counted for each. */
  readonly blocks: number
  /** Whether one in host memory is left waiting: those who have to be prefilled wait behind it. */
  readonly blocked: boolean
}

const nobody: ReadyRequests = { slots: [], blocks: 0, blocked: false }

/**
 * Admits waiting requests whose KV cache exists: transferred ones, first come first served, and those in
 * host memory, likewise, while the batch and the blocks allow. Who is in host memory waits for room
 * without standing in the way of a transferred one, which has its blocks already.
 *
 * @param watermark - share of the blocks that stays free when a cache comes back from host memory
 * @param most - requests at most; as many as there are when absent
 */
export function admitReady(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
  watermark: number,
  most: number = Infinity,
): ReadyRequests {
  const { swapped = 0 } = view
  if (view.waiting === 0 || (view.role !== 'decode' && swapped === 0)) return nobody
  let slots: Slot[] | undefined
  const kept = keptBlocks(view, watermark)
  let free = view.freeBlocks - view.blocksToDecodeAll
  let taken = 0
  let blocked = false
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    const admitted = slots?.length ?? 0
    if (view.running + admitted >= options.maxBatchSize || admitted >= most) break
    if (view.prefillRemaining(slot) > 0) continue
    const blocks = view.blocksToDecode(slot)
    if (swapped > 0 && view.isSwapped?.(slot) === true) {
      blocked ||= blocks > free - kept
      if (blocked) continue
    } else if (blocks > free) break
    free -= blocks
    taken += Math.max(1, blocks)
    plan.admit(slot)
    ;(slots ??= []).push(slot)
  }
  if (slots === undefined && !blocked) return nobody
  return { slots: slots ?? [], blocks: taken, blocked }
}

/**
 * Admits waiting requests whose KV cache exists, as {@link admitReady} does without a watermark.
 *
 * @returns how many
 */
export function admitResidents(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
): number {
  return admitReady(view, plan, options, 0).slots.length
}

/**
 * Plans the whole remaining prompts of waiting requests, first come first served, as many as the
 * batch size, the token budget and the KV blocks allow; a prompt beyond the budget goes alone.
 *
 * @param admitted - requests that this plan admits already
 * @param latestSeconds - requests that were queued later are passed over
 * @param taken - KV blocks that go to those whom this plan admits
 * @returns whether there is any
 */
export function planPrefills(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
  admitted: number,
  latestSeconds: number = Infinity,
  taken: number = 0,
): boolean {
  let free = view.freeBlocks - keptBlocks(view, options.watermark) - taken
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
