import type {
  ReplicaView,
  SchedulerFactory,
  SchedulerOptions,
  Slot,
  StepPlan,
} from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'

/** Steps that either prefill or decode; of the waiting prompts the shortest goes first. */
export const shortestPromptFirst: SchedulerFactory = {
  name: 'shortest-prompt-first',
  description: 'Whole prompts before decoding, the shortest first.',
  create: (options) => ({
    name: 'shortest-prompt-first',
    plan(view, plan) {
      const admitted = admitCached(view, plan, options)
      if (prefill(view, plan, options, admitted)) return
      decode(view, plan, admitted)
      plan.ignoresArrivals = view.running + admitted >= options.maxBatchSize
    },
  }),
}

/** Takes in the requests whose KV cache has been transferred. */
function admitCached(
  view: ReplicaView,
  plan: StepPlan,
  { maxBatchSize }: SchedulerOptions,
): number {
  let free = view.freeBlocks - view.blocksToDecodeAll
  let admitted = 0
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    if (view.prefillRemaining(slot) > 0) continue
    free -= view.blocksToDecode(slot)
    if (free < 0 || view.running + admitted >= maxBatchSize) break
    plan.admit(slot)
    admitted++
  }
  return admitted
}

function prefill(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
  admitted: number,
): boolean {
  const waiting: Slot[] = []
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot))
    if (view.prefillRemaining(slot) > 0) waiting.push(slot)
  waiting.sort((a, b) => view.prefillRemaining(a) - view.prefillRemaining(b))

  let size = view.running + admitted
  let free = view.freeBlocks
  if (view.running > 0) free -= Math.ceil(options.watermark * view.totalBlocks)
  let tokens = 0
  for (const slot of waiting) {
    const remaining = view.prefillRemaining(slot)
    free -= view.blocksFor(remaining)
    if (free < 0 || size >= options.maxBatchSize) break
    if (tokens > 0 && tokens + remaining > options.maxBatchedTokens) break
    plan.prefill(slot, remaining)
    tokens += remaining
    size++
  }
  return tokens > 0
}

/** A token for everybody; where memory runs out, the request admitted last gives way. */
function decode(view: ReplicaView, plan: StepPlan, admitted: number): void {
  if (view.decoding + admitted === 0) return
  let missing = view.blocksToDecodeAll - view.freeBlocks
  plan.repeats = missing > 0 ? 1 : Infinity
  for (let slot = view.lastRunning(); missing > 0; slot = view.previousRunning(slot)) {
    missing -= view.blocksToDecode(slot) + view.heldBlocks(slot)
    plan.preempt(slot)
  }
  plan.decodeAll()
}
