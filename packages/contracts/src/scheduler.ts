/** A request's number on its replica; numbers are reused. */
export type Slot = number

/** No request: the end of a list. */
export const NO_SLOT = -1

/**
 * What a scheduler may know of its replica (of its own batch, with pipeline stages) at a step boundary.
 *
 * Lists are walked by slot: `for (let s = view.firstWaiting(); s !== NO_SLOT; s = view.nextWaiting(s))`.
 * The true output length is not here.
 */
export interface ReplicaView {
  readonly nowSeconds: number
  /** `decode` replicas get requests whose KV cache has been transferred. */
  readonly role: 'mixed' | 'prefill' | 'decode'

  /**
   * Requests in the queue, in order of arrival; preempted ones stand first. Those whose LoRA adapter has no slot,
   * beside the adapters of those that run and of those that this plan admits, are left out, of the number too.
   */
  readonly waiting: number
  firstWaiting(): Slot
  nextWaiting(slot: Slot): Slot
  /** Admitted requests, in order of admission: those that decode and those with prompt left. */
  readonly running: number
  firstRunning(): Slot
  nextRunning(slot: Slot): Slot
  lastRunning(): Slot
  previousRunning(slot: Slot): Slot
  /** Running requests whose prompt is complete. */
  readonly decoding: number

  /** When the request arrived at the system. */
  arrivalSeconds(slot: Slot): number
  /** When it entered this queue (again, after a preemption or a transfer). */
  queuedSeconds(slot: Slot): number
  priority(slot: Slot): number
  /** Number of who sent it, from 0; -1: nobody in particular. */
  tenantId?(slot: Slot): number
  /** Number of its class, from 0; -1: none. */
  classId?(slot: Slot): number
  /** Number of its LoRA adapter, from 0; -1, or absent: none. */
  adapterId?(slot: Slot): number
  /**
   * Whether a waiting request's LoRA adapter has a slot, given who runs and whom this plan admits so far; absent:
   * all have. Who is planned all the same is left waiting, and the plan stands for one step: a scheduler that lists
   * waiting requests before it admits any asks again, so that its own counts are right.
   */
  adapterFits?(slot: Slot): boolean
  /** Prompt tokens as the client sent them. */
  promptTokens(slot: Slot): number
  /** Tokens generated so far. */
  generatedTokens(slot: Slot): number
  /**
   * Tokens that must still be prefilled before it can decode; 0: its KV cache is here. What a waiting request
   * would find in the prefix cache is left out already.
   */
  prefillRemaining(slot: Slot): number
  /** Tokens in its KV cache; of a waiting request, those that it would find in the prefix cache too. */
  kvTokens(slot: Slot): number
  /**
   * KV blocks that it holds and nobody else does: those that its preemption frees. Of a waiting request,
   * those that its admission need not allocate, since running requests hold them.
   */
  heldBlocks(slot: Slot): number
  /** KV blocks of a running request that others hold as well; absent where there is no prefix cache. */
  sharedBlocks?(slot: Slot): number
  /**
   * Prompt tokens that a waiting request would find in the prefix cache if it were admitted now; absent
   * where there is no prefix cache.
   */
  cachedTokens?(slot: Slot): number
  /**
   * KV blocks that its next decode step allocates: 0 or 1 (where some layers keep a window only, one for each
   * group of layers that grows), and for one whose KV cache is in host memory those of the cache as well.
   */
  blocksToDecode(slot: Slot): number

  /** Waiting requests whose KV cache is in host memory; absent: none. */
  readonly swapped?: number
  /** Whether a waiting request's KV cache is in host memory; `admit` brings it back. */
  isSwapped?(slot: Slot): boolean
  /** Tokens that its client allows it to generate; Infinity: no limit is stated. */
  maxOutputTokens?(slot: Slot): number
  /** Output tokens that a predictor expects, in error by as much as is stated; NaN: none does. */
  predictedOutputTokens?(slot: Slot): number
  /** When its first token is due, by the objective of its class; Infinity: it has none. */
  deadlineSeconds?(slot: Slot): number

  /** Tokens in a KV block. */
  readonly blockSize: number
  /** KV blocks that a prompt of `tokens` tokens takes when it is admitted. */
  blocksFor(tokens: number): number
  /**
   * KV blocks that a request holds at most until it has decoded to `tokens` tokens in its cache: fewer than
   * `blocksFor` of them where some layers keep a window only. Absent: as many.
   */
  blocksToHold?(tokens: number): number
  readonly totalBlocks: number
  /** KV blocks that no request holds; those that the prefix cache keeps for later are among them. */
  readonly freeBlocks: number
  /** KV blocks that one decode step of all decoding requests allocates. */
  readonly blocksToDecodeAll: number
}

/** What becomes of the KV cache of a preempted request. */
export type PreemptionMode = 'recompute' | 'swap'

/**
 * What a replica does next; the scheduler fills it, the simulator checks and applies it.
 *
 * Within one step: preemptions happen first, then admissions allocate, then all listed work runs as
 * one batch.
 */
export interface StepPlan {
  /**
   * Computes the next `tokens` prompt tokens of a request. A waiting one is admitted by it and gets
   * the KV blocks of its whole prompt, so that two half-done prompts cannot wait for each other; when
   * the last prompt token is done the request has its next token.
   */
  prefill(slot: Slot, tokens: number): void
  /**
   * Admits a waiting request whose `prefillRemaining` is 0; it decodes from this step on. A KV cache in
   * host memory is brought back first, which makes this step longer.
   */
  admit(slot: Slot): void
  /** All decoding requests produce a token (those that `admit` adds included). */
  decodeAll(): void
  /** One decoding request produces a token; the decoding ones not named stand still. */
  decode(slot: Slot): void
  /**
   * Frees a running request's KV cache and puts it at the front of the queue. With `recompute` the cache
   * is dropped; with `swap` it goes to host memory, where there is room for it and the prompt is complete.
   * Absent: as the replica is set.
   */
  preempt(slot: Slot, mode?: PreemptionMode): void
  /**
   * Steps for which this plan stands if nothing arrives, finishes or runs out of blocks; 1 unless
   * set. Counted for plans that decode only.
   */
  repeats: number
  /**
   * KV blocks that must stay free beside those that its steps take: the plan stands for as many of its `repeats`
   * as leave them, whoever takes blocks meanwhile. 0 unless set.
   */
  spareBlocks?: number
  /** When to ask again at the latest, with or without work; Infinity unless set. */
  reviewAtSeconds: number
  /** True when an arrival would not change this plan, so that it need not be asked about it. */
  ignoresArrivals: boolean
}

/**
 * Batching, admission and preemption of one replica.
 *
 * Asked again in the middle of a plan that stands for several steps, it must plan the same: state of
 * its own may depend on its earlier plans, not on how often it was asked.
 */
export interface Scheduler {
  readonly name: string
  /** True: it admits waiting requests whose KV cache is in host memory. Without it nothing is swapped. */
  readonly resumesSwapped?: boolean
  /**
   * Whether it reckons with what waiting requests would find in a prefix cache (`kvTokens`, `heldBlocks` and
   * `prefillRemaining` of them): if not, it is shown them as if they found nothing, and what they find
   * is taken off the tokens that it plans for them.
   */
  readonly seesPrefixes?: boolean
  /** Tokens of one prompt that it computes in one step at most; absent: whole prompts. */
  readonly promptChunkTokens?: number
  plan(view: ReplicaView, plan: StepPlan): void
  /**
   * A request has left the queue or the batch for good (finished, handed over, cancelled), with so many
   * tokens generated in all; its slot may be another one's by the next plan.
   */
  left?(slot: Slot, generatedTokens: number): void
}

/** Limits that every scheduler is made with; a scheduler may ignore those that have no meaning for it. */
export interface SchedulerOptions {
  /** Running requests at most. */
  readonly maxBatchSize: number
  /** Requests that a windowed batch waits for. */
  readonly minBatchSize: number
  /** How long the oldest request waits for a windowed batch to fill, in seconds. */
  readonly batchingWindowSeconds: number
  /** Prompt tokens in one step at most; a longer prompt is prefilled alone. */
  readonly maxBatchedTokens: number
  /** Which phase goes first when both have work. */
  readonly phaseOrder: 'prefill-first' | 'decode-first'
  /** Share of the KV blocks that admission leaves free for running requests to grow, in [0, 1). */
  readonly watermark: number
  /** What else the scenario's `scheduler.options` holds, for schedulers from elsewhere. */
  readonly extra: Readonly<Record<string, unknown>>
}

/** Makes a scheduler: what a registry or a plug-in holds. */
export interface SchedulerFactory {
  readonly name: string
  /** One sentence for listings. */
  readonly description: string
  /** Names of the options that it reads from `extra`; absent: any. */
  readonly options?: readonly string[]
  create(options: SchedulerOptions): Scheduler
}
