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
import { openGate, pollingGate, pollOption, type AdmissionGate } from './admission-gate.js'
import { queueLag, type QueueLag } from './queue-lag.js'
import {
  flagOption,
  longestOutput,
  maxOutputTokens,
  numberOption,
  wholeOption,
} from './option-values.js'

/**
 * Prefill first, in chunks; steps do not mix the phases. A request is admitted when there is room for its
 * prompt and its longest output, beside a share of the longest outputs of those that run: the new-token
 * ratio, which falls with each decode step and rises when memory ran out. After a refusal nobody is
 * looked at until a request ends. When memory runs out, those with the fewest tokens generated are
 * retracted, until the others have room for some steps. Options, in `extra`:
 *
 * - `chunked_prefill_size` (`maxBatchedTokens`): prompt tokens of a step; the prompt that goes beyond is cut.
 * - `max_output_tokens`: tokens that a request may generate at most where its client states no limit; `clip_max_new_tokens` (4096) bounds it.
 * - `scheduler_recv_interval` (1): steps between two looks at the queue while requests run.
 * - `overlap_schedule` (false; on in SGLang unless `--disable-overlap-schedule`): a step is planned while the one before
 *   runs, so that a request that comes meanwhile waits for one step more. Beside a longer `scheduler_recv_interval` it
 *   counts for nothing.
 * - `enable_mixed_chunk` (false): those that run decode in the steps that compute prompts.
 * - `init_new_token_ratio` (0.7), `schedule_conservativeness` (1, times that), `min_new_token_ratio_factor`
 *   (0.14, times that), `new_token_ratio_decay_steps` (600), `retract_decode_steps` (20).
 *
 * Behaviour of SGLang's `python/sglang/srt/managers/schedule_policy.py` (`PrefillAdder`), `scheduler.py`
 * and `schedule_batch.py` (`retract_decode`), with its defaults. Its order by longest cached
 * prefix is `order: lpm`. Not modelled:
 * `max_prefill_tokens` beside the chunk size. Retracted requests go to the front of the queue, and an
 * idle replica takes in whatever fits. The phase order and the watermark have no meaning here.
 */
export const sglang: SchedulerFactory = {
  name: 'sglang',
  description:
    'Prefills first, in chunks; admits by an estimate that adapts, and retracts when it erred.',
  options: [
    'chunked_prefill_size',
    'max_output_tokens',
    'clip_max_new_tokens',
    'scheduler_recv_interval',
    'overlap_schedule',
    'enable_mixed_chunk',
    'init_new_token_ratio',
    'schedule_conservativeness',
    'min_new_token_ratio_factor',
    'new_token_ratio_decay_steps',
    'retract_decode_steps',
  ],
  create(options) {
    const limits = limitsOf(options)
    const batch = new AdaptiveBatch(limits, options)
    const gate = pollingGate(pollOption(options, 'scheduler_recv_interval'))
    const lag = queueLag(flagOption(options, 'overlap_schedule', false) && gate === openGate)
    return {
      name: 'sglang',
      resumesSwapped: true,
      seesPrefixes: true,
      promptChunkTokens: limits.chunkSize,
      plan: planner(options, limits, batch, gate, lag),
    }
  },
}

interface Limits {
  readonly chunkSize: number
  /** Tokens that a request is expected to generate at most. */
  readonly longest: number
  readonly clip: number
  readonly firstRatio: number
  readonly leastRatio: number
  readonly decaySteps: number
  readonly retractSteps: number
  /** Whether those that run decode in the steps that compute prompts. */
  readonly mixed: boolean
}

function limitsOf(options: SchedulerOptions): Limits {
  const share = { least: 0, most: 1, meaning: 'a share' }
  const initial = numberOption(options, 'init_new_token_ratio', 0.7, share)
  const conservativeness = numberOption(options, 'schedule_conservativeness', 1, {
    least: 0,
    most: 100,
    meaning: 'a factor',
  })
  const firstRatio = Math.min(1, initial * conservativeness)
  const factor = numberOption(options, 'min_new_token_ratio_factor', 0.14, share)
  return {
    chunkSize: wholeOption(options, 'chunked_prefill_size', options.maxBatchedTokens, {
      least: 1,
      meaning: 'prompt tokens of a step',
    }),
    longest: maxOutputTokens(options),
    clip: wholeOption(options, 'clip_max_new_tokens', 4096, { least: 1, meaning: 'tokens' }),
    firstRatio,
    leastRatio: firstRatio * factor,
    decaySteps: wholeOption(options, 'new_token_ratio_decay_steps', 600, {
      least: 1,
      meaning: 'decode steps',
    }),
    retractSteps: wholeOption(options, 'retract_decode_steps', 20, {
      least: 0,
      meaning: 'decode steps',
    }),
    mixed: flagOption(options, 'enable_mixed_chunk', false),
  }
}

function planner(
  options: SchedulerOptions,
  limits: Limits,
  batch: AdaptiveBatch,
  gate: AdmissionGate,
  lag: QueueLag,
): Scheduler['plan'] {
  return (view, plan) => {
    batch.observe(view)
    gate.observe(view)
    lag.observe(view)
    const { slots } = admitReady(view, plan, options, 0)
    const residents = slots.length
    batch.joinResidents(view, slots)
    for (const slot of slots) gate.join(slot, view.generatedTokens(slot), 0)
    const blocks = planPrefills(view, plan, limits, batch, gate, lag, residents)
    if (blocks !== NOTHING) {
      if (mixes(view, limits, residents, blocks)) plan.decodeAll()
      else gate.prefillOnly()
      return
    }
    if (view.decoding === 0 && residents === 0) return
    if (view.blocksToDecodeAll > view.freeBlocks) {
      retract(view, plan, limits, batch)
      return
    }
    plan.decodeAll()
    plan.repeats = residents > 0 && (view.swapped ?? 0) > 0 ? 1 : Infinity
    if (gate.nextLook < plan.repeats) plan.repeats = gate.nextLook
    if (lag.unseen) plan.repeats = 1
    if (lag.heedsArrivals) return
    plan.ignoresArrivals =
      (!gate.heedsArrivals && view.role !== 'decode') ||
      view.running + residents >= options.maxBatchSize ||
      (view.role !== 'decode' && batch.full)
  }
}

/**
 * What SGLang remembers of its running batch: the new-token ratio, and whether the batch is full.
 *
 * The ratio falls with the decode steps, which are counted by the tokens of a running request, since
 * the scheduler is not asked at each of them.
 */
class AdaptiveBatch {
  /** Nobody is looked at until a request ends. */
  full: boolean = false
  readonly #limits: Limits
  readonly #maxBatchSize: number
  #fullSize = 0
  #steps = 0
  /** The ratio at a decode step, from which it falls. */
  #ratio: number
  #ratioStep = 0
  /** Decode steps so far less the tokens that a request has generated, by slot; constant while it runs. */
  readonly #offsets: number[] = []

  constructor(limits: Limits, options: SchedulerOptions) {
    this.#limits = limits
    this.#maxBatchSize = options.maxBatchSize
    this.#ratio = limits.firstRatio
  }

  /** Sees what has happened since the last plan. */
  observe(view: ReplicaView): void {
    if (view.running === 0) {
      this.full = false
      this.#steps = 0
      this.#ratioStep = 0
      this.#ratio = this.#limits.firstRatio
      return
    }
    if (view.running < this.#fullSize) this.full = false
    let slot = view.firstRunning()
    while (slot !== NO_SLOT && view.prefillRemaining(slot) > 0) slot = view.nextRunning(slot)
    if (slot !== NO_SLOT) this.#steps = this.#offsets[slot]! + view.generatedTokens(slot)
  }

  /** Share of the longest outputs of the running requests that is kept for them. */
  get ratio(): number {
    const { firstRatio, leastRatio, decaySteps } = this.#limits
    const decay = (firstRatio - leastRatio) / decaySteps
    return Math.max(leastRatio, this.#ratio - decay * Math.max(0, this.#steps - this.#ratioStep))
  }

  /** A request is admitted that will have `generated` tokens once it can decode. */
  join(slot: Slot, generated: number): void {
    this.#offsets[slot] = this.#steps - generated
  }

  /** Waiting requests whose KV cache exists are admitted. */
  joinResidents(view: ReplicaView, slots: readonly Slot[]): void {
    for (const slot of slots) this.join(slot, view.generatedTokens(slot))
    if (this.full) this.#fullSize += slots.length
  }

  /** So many run now; somebody was refused, for memory or because they are as many as may run. */
  fill(size: number): void {
    this.full = true
    this.#fullSize = size
  }

  isFull(size: number): boolean {
    return size >= this.#maxBatchSize
  }

  /** Requests were retracted; the next decode step runs with this ratio. */
  retracted(ratio: number): void {
    this.full = false
    this.#ratio = ratio
    this.#ratioStep = this.#steps + 1
  }
}

/** No prompt chunk is planned. */
const NOTHING = -1

/** Whether those that run decode beside the prompts, which take so many blocks. */
function mixes(view: ReplicaView, { mixed }: Limits, residents: number, blocks: number): boolean {
  return (
    mixed && view.decoding + residents > 0 && view.blocksToDecodeAll + blocks <= view.freeBlocks
  )
}

/** Plans prompt chunks up to the chunk size; returns the KV blocks that they take, or `NOTHING`. */
function planPrefills(
  view: ReplicaView,
  plan: StepPlan,
  limits: Limits,
  batch: AdaptiveBatch,
  gate: AdmissionGate,
  lag: QueueLag,
  residents: number,
): number {
  const most = Math.max(1, limits.chunkSize - (limits.mixed ? view.decoding + residents : 0))
  const decoded = limits.mixed && view.decoding + residents > 0 ? 1 : 0
  let budget = most
  let size = view.running + residents
  let room: number | undefined
  let taken = 0
  const free = view.freeBlocks
  const join = (slot: Slot): void => {
    batch.join(slot, view.generatedTokens(slot) + 1 - decoded)
    gate.join(slot, view.generatedTokens(slot) + 1, decoded)
  }
  if (view.running > view.decoding) budget -= continuePrompt(view, plan, budget, join)
  const none = (): number => (budget < most ? taken : NOTHING)
  // Who is in host memory goes before any prompt.
  if ((view.swapped ?? 0) > 0 || gate.shutFor > 0) return none()
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    if (batch.full || budget <= 0) break
    const remaining = view.prefillRemaining(slot)
    if (remaining === 0 || !lag.knows(view, slot)) continue
    if (batch.isFull(size)) {
      batch.fill(size)
      break
    }
    room ??= view.freeBlocks * view.blockSize - expectedTokens(view, limits, batch.ratio)
    const context = view.kvTokens(slot) + remaining
    const output = cacheGrowth(view, context, Math.min(outputLeft(view, slot, limits), limits.clip))
    const held = view.heldBlocks(slot)
    const blocks = view.blocksFor(context) - held
    const own =
      view.blocksToHold === undefined ? context - held * view.blockSize : blocks * view.blockSize
    const needed = own + output
    // What a request holds beside its tokens counts as well.
    const tooLong = taken + blocks > free || (size > 0 && needed >= room)
    if (tooLong) {
      if (size > 0) batch.fill(size)
      break
    }
    const tokens = Math.min(remaining, budget)
    plan.prefill(slot, tokens)
    join(slot)
    taken += blocks
    room -= blocks * view.blockSize + output
    budget -= tokens
    size++
  }
  return none()
}

/** Goes on with the prompt that was cut; returns how many of the tokens that it may it takes. */
function continuePrompt(
  view: ReplicaView,
  plan: StepPlan,
  most: number,
  join: (slot: Slot) => void,
): number {
  for (let slot = view.lastRunning(); slot !== NO_SLOT; slot = view.previousRunning(slot)) {
    const tokens = Math.min(view.prefillRemaining(slot), most)
    if (tokens === 0) continue
    plan.prefill(slot, tokens)
    // Those that decode beside it have gone on since its last chunk.
    join(slot)
    return tokens
  }
  return 0
}

/** Tokens that the running requests are expected to generate yet. */
function expectedTokens(view: ReplicaView, limits: Limits, ratio: number): number {
  let tokens = 0
  for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot))
    tokens += cacheGrowth(
      view,
      view.kvTokens(slot) + view.prefillRemaining(slot),
      Math.min(outputLeft(view, slot, limits), limits.clip),
    )
  return tokens * ratio
}

/** Tokens that a request may generate yet: as many as an empty replica has room for. */
function outputLeft(view: ReplicaView, slot: Slot, { longest }: Limits): number {
  if (view.role === 'prefill') return 0
  const most = view.totalBlocks * view.blockSize - view.promptTokens(slot) - 1
  return Math.max(
    0,
    Math.min(longestOutput(view, slot, longest), most) - view.generatedTokens(slot),
  )
}

/** Preempts those with the fewest tokens generated, longest prompt first, and lets the others decode. */
function retract(view: ReplicaView, plan: StepPlan, limits: Limits, batch: AdaptiveBatch): void {
  const kept: Slot[] = []
  for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot))
    kept.push(slot)
  kept.sort(
    (a, b) =>
      view.generatedTokens(b) - view.generatedTokens(a) ||
      view.promptTokens(a) - view.promptTokens(b),
  )
  let free = view.freeBlocks
  let needed = view.blocksToDecodeAll
  while (
    needed > free ||
    (kept.length > 1 && free * view.blockSize < kept.length * limits.retractSteps)
  ) {
    const slot = kept.pop()
    if (slot === undefined) break
    plan.preempt(slot)
    free += view.heldBlocks(slot)
    needed -= view.blocksToDecode(slot)
  }
  let generated = 0
  let longest = 0
  for (const slot of kept) {
    generated += view.generatedTokens(slot)
    longest += longestOutput(view, slot, limits.longest)
  }
  const steps = limits.retractSteps * kept.length
  batch.retracted(Math.min(1, (generated + steps) / (longest + 1)))
  if (kept.length > 0) plan.decodeAll()
}
