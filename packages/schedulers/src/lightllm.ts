import type {
  ReplicaView,
  Scheduler,
  SchedulerFactory,
  SchedulerOptions,
  Slot,
  StepPlan,
} from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { cacheGrowth } from './cache-growth.js'
import { admitReady } from './admission.js'
import { pollingGate, pollOption, type AdmissionGate } from './admission-gate.js'
import { planDecode } from './decode-step.js'
import { longestOutput, maxOutputTokens, numberOption, wholeOption } from './option-values.js'

/**
 * Admits a request when the peak of the memory that all will use together, estimated token by token, stays
 * below what there is; requests that will end sooner make room for those that stay. Steps prefill whole
 * prompts, up to `maxBatchedTokens`, or decode. Options, in `extra`:
 *
 * - `max_output_tokens`: tokens that a request may generate at most where its client states no
 *   limit; the estimate while the replica is busy.
 * - `router_max_new_token_len` (1024): the estimate while it is not, or 1.1 times what a request has
 *   generated, if that is more.
 * - `router_token_ratio` (0.85): share of the KV cache in use from which a replica is busy.
 * - `router_max_wait_tokens` (1): decode steps between two looks at the queue, while requests run.
 *
 * Behaviour of LightLLM's `lightllm/server/router/req_queue/continues_batch/impl.py` and of `NormalReq` in
 * `lightllm/server/core/objs/req.py`. Memory comes in KV blocks here, and one request's tokens there; where the rounding makes
 * the difference, the request admitted last is preempted. An idle replica takes in whatever fits. The
 * phase order and the watermark have no meaning here.
 */
export const lightllm: SchedulerFactory = {
  name: 'lightllm',
  description:
    'Admits a request when the estimated peak of the memory of all stays below what there is.',
  options: [
    'max_output_tokens',
    'router_max_new_token_len',
    'router_token_ratio',
    'router_max_wait_tokens',
  ],
  create(options) {
    const estimates: Estimates = {
      longest: maxOutputTokens(options),
      usual: wholeOption(options, 'router_max_new_token_len', 1024, {
        least: 1,
        meaning: 'tokens that a request is expected to generate',
      }),
      busyShare: numberOption(options, 'router_token_ratio', 0.85, {
        least: 0,
        most: 1,
        meaning: 'a share of the KV cache in use',
      }),
    }
    return {
      name: 'lightllm',
      resumesSwapped: true,
      seesPrefixes: true,
      plan: planner(
        options,
        estimates,
        pollingGate(pollOption(options, 'router_max_wait_tokens'), true),
      ),
    }
  },
}

interface Estimates {
  readonly longest: number
  readonly usual: number
  readonly busyShare: number
}

/** Tokens that a request has in the KV cache (with its prompt done), and how many more it will have. */
interface Share {
  readonly now: number
  readonly more: number
}

function planner(
  options: SchedulerOptions,
  estimates: Estimates,
  gate: AdmissionGate,
): Scheduler['plan'] {
  return (view, plan) => {
    gate.observe(view)
    const admitted = admitReady(view, plan, options, 0).slots
    for (const slot of admitted) gate.join(slot, view.generatedTokens(slot), 0)
    const residents = admitted.length
    // Who is in host memory goes before any prompt.
    const swapped = (view.swapped ?? 0) > 0
    const { prefills, blockedSteps } = swapped
      ? { prefills: 0, blockedSteps: residents > 0 ? 1 : Infinity }
      : gate.shutFor > 0
        ? { prefills: 0, blockedSteps: Infinity }
        : planAdmissions(view, plan, options, estimates, gate, admitted)
    if (prefills > 0) {
      gate.prefillOnly()
      return
    }
    planDecode(view, plan, residents)
    plan.repeats = Math.min(plan.repeats, blockedSteps, gate.nextLook)
    plan.ignoresArrivals =
      (!gate.heedsArrivals && view.role !== 'decode') ||
      view.running + residents >= options.maxBatchSize ||
      (view.role !== 'decode' && view.waiting > 0)
  }
}

/**
 * Plans whole prompts, first come first served, as many as batch size, budget and estimate allow.
 *
 * @returns how many, and for how many decode steps at least the first that was not admitted will not be
 */
function planAdmissions(
  view: ReplicaView,
  plan: StepPlan,
  options: SchedulerOptions,
  estimates: Estimates,
  gate: AdmissionGate,
  admitted: readonly Slot[],
): { prefills: number; blockedSteps: number } {
  let size = view.running + admitted.length
  let free = view.freeBlocks
  let tokens = 0
  let prefills = 0
  let peak: PeakEstimate | undefined
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    const remaining = view.prefillRemaining(slot)
    if (remaining === 0) continue
    const blocks = view.blocksFor(view.kvTokens(slot) + remaining) - view.heldBlocks(slot)
    const fits = size < options.maxBatchSize && blocks <= free
    if (!fits || (tokens > 0 && tokens + remaining > options.maxBatchedTokens)) break
    peak ??= new PeakEstimate(view, estimates, admitted)
    const excess = peak.add(slot)
    // The peak is reached later, and the requests approach it by at most a token in each step.
    // Where some layers keep a window only, they may let go of memory at any step.
    if (excess >= 0 && size > 0)
      return { prefills, blockedSteps: view.blocksToHold === undefined ? excess + 1 : 1 }
    plan.prefill(slot, remaining)
    gate.join(slot, view.generatedTokens(slot) + 1, 0)
    free -= blocks
    tokens += remaining
    size++
    prefills++
  }
  return { prefills, blockedSteps: Infinity }
}

/** The most tokens that running requests, and those added, will have in the KV cache at one time. */
class PeakEstimate {
  readonly #view: ReplicaView
  readonly #estimates: Estimates
  readonly #busy: boolean
  /** Longest stay first. */
  readonly #shares: Share[] = []
  /** Tokens that the running requests hold, those of all who share them, and those that nobody does. */
  #capacity: number

  /** `admitted`: requests that join the running ones in this step. */
  constructor(view: ReplicaView, estimates: Estimates, admitted: readonly Slot[]) {
    this.#view = view
    this.#estimates = estimates
    this.#busy = 1 - view.freeBlocks / view.totalBlocks >= estimates.busyShare
    let blocks = view.freeBlocks
    const take = (slot: Slot): void => {
      blocks += view.heldBlocks(slot) + (view.sharedBlocks?.(slot) ?? 0)
      this.#shares.push(this.#shareOf(slot))
    }
    for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot)) take(slot)
    for (const slot of admitted) take(slot)
    this.#capacity = blocks * view.blockSize
    this.#shares.sort((a, b) => b.more - a.more)
  }

  /** Counts a request in, and returns the tokens by which the peak then exceeds the most allowed, less 1. */
  add(slot: Slot): number {
    const added = this.#shareOf(slot)
    // What running requests hold of it counts with it, and is there.
    this.#capacity += this.#view.heldBlocks(slot) * this.#view.blockSize
    const place = this.#shares.findIndex(({ more }) => more < added.more)
    this.#shares.splice(place < 0 ? this.#shares.length : place, 0, added)
    let held = 0
    let peak = 0
    for (const [i, { now, more }] of this.#shares.entries()) {
      held += this.#heldBy(now)
      peak = Math.max(peak, held + this.#growth(i, more))
    }
    return peak - this.#capacity
  }

  /** Tokens that `now` ones count as. */
  #heldBy(now: number): number {
    const view = this.#view
    return view.blocksToHold === undefined ? now : view.blocksToHold(now) * view.blockSize
  }

  /** Tokens by which the first requests, to the `last`, grow in `more` steps. */
  #growth(last: number, more: number): number {
    const view = this.#view
    if (view.blocksToHold === undefined) return more * (last + 1)
    let tokens = 0
    for (let i = 0; i <= last; i++) tokens += cacheGrowth(view, this.#shares[i]!.now, more)
    return tokens
  }

  #shareOf(slot: Slot): Share {
    const view = this.#view
    const { usual } = this.#estimates
    const longest = longestOutput(view, slot, this.#estimates.longest)
    const generated = view.generatedTokens(slot)
    // A prefill replica makes one token and hands the request over.
    const output =
      view.role === 'prefill'
        ? 1
        : this.#busy
          ? longest
          : Math.min(longest, Math.max(Math.floor(1.1 * generated), usual))
    return {
      now: view.promptTokens(slot) + generated + 1,
      more: Math.max(0, output - generated - 1),
    }
  }
}
