import type {
  ReplicaView,
  Scheduler,
  SchedulerFactory,
  SchedulerOptions,
  Slot,
  StepPlan,
} from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { readNumbers } from './options.js'

/**
 * Steps with one token budget (`maxBatchedTokens`): each decoding request takes one token of it,
 * chunks of prompts the rest, as in Sarathi-Serve (OSDI '24). Where more requests decode than the
 * budget allows, those admitted last stand still.
 */
export const chunked: SchedulerFactory = {
  name: 'chunked',
  description: 'Decodes first and fills the rest of a token budget with chunks of prompts.',
  create(options) {
    const { chunk_tokens: chunk } = readNumbers(
      'scheduler',
      options.extra,
      { chunk_tokens: options.maxBatchedTokens },
      1,
    )
    return new ChunkedScheduler(options, Math.floor(chunk))
  },
}

class ChunkedScheduler implements Scheduler {
  readonly name: string = 'chunked'
  readonly #options: SchedulerOptions
  /** Tokens that one prompt gets in a step at most. */
  readonly #chunk: number
  /** What is left of the plan in the making: tokens of the budget, and KV blocks. */
  #tokens = 0
  #blocks = 0

  constructor(options: SchedulerOptions, chunk: number) {
    this.#options = options
    this.#chunk = chunk
  }

  plan(view: ReplicaView, plan: StepPlan): void {
    this.#tokens = this.#options.maxBatchedTokens
    this.#blocks = view.freeBlocks
    if (!this.#decode(view, plan)) return
    const admitted = this.#admitCached(view, plan)
    const before = this.#tokens
    const owed = this.#continuePrompts(view, plan)
    const blocked = this.#beginPrompts(view, plan, admitted, owed)
    if (this.#tokens < before) return
    if (view.decoding + admitted > 0) {
      plan.repeats = Infinity
      plan.ignoresArrivals =
        this.#tokens === 0 || view.running + admitted >= this.#options.maxBatchSize || blocked
    } else if (view.running > 0) {
      // Prompts that have begun and find no memory to go on: the youngest gives its own back.
      plan.preempt(view.lastRunning())
    }
  }

  /** Plans the decode batch; false when it had to preempt, and the step has to do with that. */
  #decode(view: ReplicaView, plan: StepPlan): boolean {
    let decodes = Math.min(view.decoding, this.#tokens)
    const still = view.decoding - decodes
    let needed = still === 0 ? view.blocksToDecodeAll : 0
    if (still > 0) for (const slot of decoding(view, decodes)) needed += view.blocksToDecode(slot)
    const short = needed > this.#blocks
    let standing = still
    for (let slot = view.lastRunning(); needed > this.#blocks; slot = view.previousRunning(slot)) {
      plan.preempt(slot)
      this.#blocks += view.heldBlocks(slot)
      if (view.prefillRemaining(slot) > 0) continue
      if (standing > 0) standing--
      else {
        needed -= view.blocksToDecode(slot)
        decodes--
      }
    }
    if (standing === 0) plan.decodeAll()
    else for (const slot of decoding(view, decodes)) plan.decode(slot)
    this.#tokens -= decodes
    this.#blocks -= needed
    return !short
  }

  /** Takes in requests whose KV cache has been transferred. */
  #admitCached(view: ReplicaView, plan: StepPlan): number {
    let admitted = 0
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
      if (view.prefillRemaining(slot) > 0) continue
      const blocks = view.blocksToDecode(slot)
      if (this.#tokens === 0 || blocks > this.#blocks) break
      if (view.running + admitted >= this.#options.maxBatchSize) break
      plan.admit(slot)
      this.#tokens--
      this.#blocks -= blocks
      admitted++
    }
    return admitted
  }

  /** Goes on with prompts that have begun; returns the blocks that they will still need. */
  #continuePrompts(view: ReplicaView, plan: StepPlan): number {
    let owed = 0
    for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot))
      if (view.prefillRemaining(slot) > 0) owed += this.#prefill(view, plan, slot)
    return owed
  }

  /** Begins prompts for which there is memory to the end; true when the first in line has to wait. */
  #beginPrompts(view: ReplicaView, plan: StepPlan, admitted: number, owed: number): boolean {
    let promised = owed
    let size = view.running + admitted
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
      const remaining = view.prefillRemaining(slot)
      if (remaining === 0) continue
      if (this.#tokens === 0 || size >= this.#options.maxBatchSize) return false
      const kept = size > 0 ? Math.ceil(this.#options.watermark * view.totalBlocks) : 0
      if (view.blocksFor(remaining) > this.#blocks - promised - kept) return view.role !== 'decode'
      promised += this.#prefill(view, plan, slot)
      size++
    }
    return false
  }

  /** Gives a prompt as much as tokens, chunk and blocks allow; returns the blocks it needs later. */
  #prefill(view: ReplicaView, plan: StepPlan, slot: Slot): number {
    const remaining = view.prefillRemaining(slot)
    const cached = view.kvTokens(slot)
    const held = view.heldBlocks(slot)
    const room = (held + this.#blocks) * view.blockSize - cached
    const tokens = Math.min(remaining, this.#tokens, this.#chunk, room)
    const all = view.blocksFor(cached + remaining) - held
    if (tokens < 1) return all
    const now = view.blocksFor(cached + tokens) - held
    plan.prefill(slot, tokens)
    this.#tokens -= tokens
    this.#blocks -= now
    return all - now
  }
}

/** The decoding requests that were admitted first. */
function decoding(view: ReplicaView, count: number): Slot[] {
  const slots: Slot[] = []
  for (let slot = view.firstRunning(); slots.length < count; slot = view.nextRunning(slot))
    if (view.prefillRemaining(slot) === 0) slots.push(slot)
  return slots
}
