import type {
  ReplicaView,
  Scheduler,
  SchedulerFactory,
  SchedulerOptions,
  Slot,
  StepPlan,
} from '@llmsim/contracts'
import { NO_SLOT, SimulatorError } from '@llmsim/contracts'
import { admitResidents } from './admission.js'

/**
 * One token budget for each step (`maxBatchedTokens`): running requests come first, each decoding one
 * with a token, then prompts in chunks fill what is left, so that steps mix both phases. A prompt is
 * admitted when there is room for all of it; when a decoding request finds no block, the one admitted
 * last is preempted.
 *
 * Behaviour of vLLM's v1 engine (`vllm/v1/core/sched/scheduler.py`); its option
 * `long_prefill_token_threshold` (tokens of one request in a step at most; 0: no limit) is read from
 * `extra`. The phase order and the watermark have no meaning here.
 */
export const vllmV1: SchedulerFactory = {
  name: 'vllm-v1',
  description: 'Fills a token budget with decodes first and prompt chunks after, in mixed steps.',
  create(options) {
    const chunkLimit = threshold(options)
    return { name: 'vllm-v1', plan: planner(options, chunkLimit) }
  },
}

function planner(options: SchedulerOptions, chunkLimit: number): Scheduler['plan'] {
  return (view, plan) => {
    const step = new MixedStep(view, plan, options, chunkLimit)
    step.makeRoomToDecode()
    step.continuePrompts()
    if (!step.preempted) step.admitWaiting()
    step.finish()
  }
}

/** The running totals of one plan. */
class MixedStep {
  preempted: boolean = false
  readonly #view: ReplicaView
  readonly #plan: StepPlan
  readonly #options: SchedulerOptions
  readonly #chunkLimit: number
  #free: number
  #budget: number
  /** First of the preempted ones in the running list: those from it to the end are out. */
  #cut: Slot = NO_SLOT
  #decodes: number
  #chunks = 0
  #admitted = 0

  constructor(view: ReplicaView, plan: StepPlan, options: SchedulerOptions, chunkLimit: number) {
    this.#view = view
    this.#plan = plan
    this.#options = options
    this.#chunkLimit = chunkLimit
    this.#free = view.freeBlocks
    this.#budget = options.maxBatchedTokens
    this.#decodes = view.decoding
  }

  /** Preempts from the end of the running list until the next token of the others has room. */
  makeRoomToDecode(): void {
    let needed = this.#view.blocksToDecodeAll
    while (needed > this.#free && this.#last() !== NO_SLOT) {
      needed -= this.#view.blocksToDecode(this.#last())
      this.#preemptLast()
    }
    this.#free -= needed
    this.#budget -= this.#decodes
  }

  /** Gives running requests with prompt left their next chunk, in order of admission. */
  continuePrompts(): void {
    const view = this.#view
    if (view.running === view.decoding) return
    let slot = view.firstRunning()
    while (slot !== NO_SLOT && slot !== this.#cut && this.#budget > 0) {
      const remaining = view.prefillRemaining(slot)
      if (remaining > 0) this.#prefill(slot, Math.min(remaining, this.#budget, this.#chunkLimit))
      slot = view.nextRunning(slot)
    }
  }

  /** Admits waiting requests, first come first served, while budget, batch size and blocks allow. */
  admitWaiting(): void {
    const view = this.#view
    const options = this.#options
    this.#admitted = admitResidents(view, this.#plan, options)
    let size = view.running + this.#admitted
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
      const remaining = view.prefillRemaining(slot)
      if (remaining === 0) continue
      const tokens = Math.min(remaining, this.#budget - this.#admitted, this.#chunkLimit)
      if (size >= options.maxBatchSize || tokens <= 0) return
      const blocks = view.blocksFor(view.kvTokens(slot) + remaining) - view.heldBlocks(slot)
      if (blocks > this.#free - this.#admitted) return
      this.#free -= blocks
      this.#prefill(slot, tokens)
      size++
    }
  }

  finish(): void {
    const view = this.#view
    const plan = this.#plan
    if (this.#decodes > 0 || this.#admitted > 0) plan.decodeAll()
    // Preempting frees blocks, a chunk is followed by another, and a block was kept for each resident
    // that was admitted, which not all of them need: who waits is looked at again.
    const again = this.preempted || this.#chunks > 0 || this.#admitted > 0
    plan.repeats = again ? 1 : Infinity
    plan.ignoresArrivals =
      view.running + this.#admitted >= this.#options.maxBatchSize ||
      (view.role !== 'decode' && view.waiting > 0)
  }

  #last(): Slot {
    return this.#cut === NO_SLOT ? this.#view.lastRunning() : this.#view.previousRunning(this.#cut)
  }

  #preemptLast(): void {
    const view = this.#view
    const slot = this.#last()
    this.#plan.preempt(slot)
    this.#free += view.heldBlocks(slot)
    if (view.prefillRemaining(slot) === 0) {
      this.#decodes--
      this.#budget++
    }
    this.#cut = slot
    this.preempted = true
  }

  #prefill(slot: Slot, tokens: number): void {
    this.#plan.prefill(slot, tokens)
    this.#budget -= tokens
    this.#chunks++
  }
}

function threshold(options: SchedulerOptions): number {
  const { long_prefill_token_threshold: given = 0 } = options.extra
  if (typeof given !== 'number' || !Number.isInteger(given) || given < 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'scheduler.options.long_prefill_token_threshold',
      message: 'not a number of tokens',
      given,
      accepted: 'a whole number of tokens; 0 for no limit',
    })
  return given === 0 ? Infinity : given
}
