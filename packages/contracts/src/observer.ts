/**
 * One request as an observer sees it. The simulator owns the object and reuses it: copy what you keep.
 * Times are seconds of simulated time; NaN where it did not come to that.
 */
export interface ObservedRequest {
  /** Its number in order of arrival, from 0. */
  readonly number: number
  /** -1: none. */
  readonly sessionId: number
  /** An index into the specification's `tenants`; -1: none. */
  readonly tenantId: number
  /** An index into the specification's `classes`; -1: none. */
  readonly classId: number
  readonly priority: number
  /** An index into the specification's `adapters`; -1, or absent: none. */
  readonly adapterId?: number
  readonly promptTokens: number
  /** Tokens that it asked for; all of them were made when it completed. */
  readonly outputTokens: number
  /** Prompt tokens that were found in a prefix cache. */
  readonly cachedTokens: number
  /** Index of the pool and of the replica where it is, or was last; -1: none yet. */
  readonly pool: number
  readonly replica: number
  /** The replica of the first pool that it was routed to; -1: none yet. */
  readonly entryReplica: number
  readonly arrivalSeconds: number
  /** When it first entered a queue. */
  readonly queuedSeconds: number
  /** Start of the first step that worked on it. */
  readonly startSeconds: number
  readonly firstTokenSeconds: number
  readonly finishSeconds: number
  readonly preemptions: number
  /** Disaggregated serving: end of its prefill, and when its KV cache was usable for decoding. */
  readonly transferStartSeconds: number
  readonly transferEndSeconds: number
  /** `rejected`: it can never fit; `failed`: given up after faults; `unfinished`: the run ended first. */
  readonly outcome: 'completed' | 'rejected' | 'failed' | 'unfinished'
}

/**
 * Steps of one batch that ran without a change, as a closed form: step `k` (from 0) takes
 * `seconds + k * growth`. Reused: copy what you keep.
 */
export interface ObservedSegment {
  readonly pool: number
  readonly replica: number
  /** The batch in flight, from 0: one for each pipeline stage. */
  readonly lane: number
  readonly startSeconds: number
  readonly endSeconds: number
  readonly steps: number
  /** Seconds of its first step, and by which each following one is longer. */
  readonly seconds: number
  readonly growth: number
  /** Seconds that each device works on it: less than it lasts with pipeline stages. */
  readonly busySeconds: number
  /** A `mixed` step has prompt chunks and decoding requests. */
  readonly kind: 'prefill' | 'decode' | 'mixed'
  /** Prompt tokens, and the token pairs of their attention; a segment with any has one step. */
  readonly prefillTokens: number
  readonly prefillAttention: number
  /** Prompt chunks, and those of them that are the last of their prompt and make a token. */
  readonly chunks: number
  readonly promptsDone: number
  /** Requests that decode a token in each step. */
  readonly decodes: number
  /** Sum of their contexts in the first step, which grows by `decodes` with each step. */
  readonly decodeContext: number
  /** The gap between tokens that its first step ends; later steps end gaps as long as they take. */
  readonly firstGapSeconds: number
  /** Decoding requests that decode for the first time, and the sum of the gaps that they end. */
  readonly joined: number
  readonly joinedGapsSeconds: number
  /** Besides them, those that the first step gives their first token, which ends no gap; absent: none. */
  readonly firstTokens?: number
  /** KV blocks of the replica in use when it ended, before anything that it finished was freed. */
  readonly usedBlocks: number
}

/** A queue or a batch after a change. Reused: copy what you keep. */
export interface ObservedLoad {
  readonly nowSeconds: number
  readonly pool: number
  readonly replica: number
  readonly lane: number
  /** Requests in its queue, and those that it has admitted; now, and before the change. */
  readonly waiting: number
  readonly running: number
  readonly waitingBefore: number
  readonly runningBefore: number
}

/** The transfer of one KV cache between pools. Reused: copy what you keep. */
export interface ObservedTransfer {
  /** The request's number in order of arrival. */
  readonly request: number
  readonly fromPool: number
  readonly fromReplica: number
  readonly toPool: number
  readonly toReplica: number
  readonly bytes: number
  /** When its prefill was done, when its first byte was sent, and when it is usable. */
  readonly readySeconds: number
  readonly startSeconds: number
  readonly endSeconds: number
}

/** KV blocks in use by one replica at equal intervals from 0 s. */
export interface ObservedBlocks {
  readonly pool: number
  readonly replica: number
  readonly intervalSeconds: number
  readonly totalBlocks: number
  /** The first `samples` values count. */
  readonly usedBlocks: Float64Array
  readonly samples: number
}

/**
 * KV blocks of one replica when the run ended, counted twice: as the replica counts what it gave out, and
 * as those who are there hold it. What waits for a cache that is on its way is not counted as held.
 */
export interface ObservedHoldings {
  readonly pool: number
  readonly replica: number
  readonly usedBlocks: number
  readonly heldBlocks: number
  /** The same of host memory for preempted requests. */
  readonly hostUsedBlocks: number
  readonly hostHeldBlocks: number
}

/**
 * Is told what happens in a run, as it happens; costs nothing when absent. An observer changes
 * nothing. The fast-forward tells it of whole segments; with one step at a time there are more and
 * shorter ones, which add up to the same.
 */
export interface RunObserver {
  /** A request arrived: its lengths and its arrival are known, no more. */
  requestArrived?(request: ObservedRequest): void
  /** A request has its last token. */
  requestFinished?(request: ObservedRequest): void
  /** A request was rejected or given up, or had not finished when the run ended. */
  requestFailed?(request: ObservedRequest): void
  /** A request came into a queue, or a plan moved requests. */
  loadChanged?(load: ObservedLoad): void
  /** A segment ended. */
  segmentExecuted?(segment: ObservedSegment): void
  /** A KV cache is put on the link: all its times are known. */
  transferBegan?(transfer: ObservedTransfer): void
  /** At the end of the run, for each replica. */
  blocksSampled?(blocks: ObservedBlocks): void
  /** At the end of the run, for each replica. */
  blocksHeld?(holdings: ObservedHoldings): void
  /** The last call of all. */
  runEnded?(nowSeconds: number): void
}
