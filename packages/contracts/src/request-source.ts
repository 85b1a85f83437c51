/**
 * What the beginning of a prompt holds, block by block, as traces publish it: two prompts begin alike for as
 * long as their ids are equal one after the other. What the ids do not cover is the request's own, or its
 * session's: a later request of a session whose prompt is at least as long as prompt and answer before
 * it begins with them.
 */
export interface PromptBlocks {
  /** Whole numbers, from -(2^53 - 1) to 2^53 - 1; may be longer than `count`. */
  ids: ArrayLike<number>
  /** Ids of this prompt, from the first on. */
  count: number
  /** Tokens that each id stands for, at least 1; the last one of a prompt stands for what is left of it, if that is less. */
  blockTokens: number
}

/** The images of a prompt, all of one size: its tokens from `offset` on are theirs, one image after another. */
export interface PromptImages {
  /** At least 1. */
  count: number
  /** Of one image: tokens of the prompt, patches that its encoder computes, pairs of patches that it attends over. */
  tokens: number
  patches: number
  pairs: number
  /** Tokens of the prompt in front of the first one. */
  offset: number
}

/** One request as it enters the system; the simulator owns the object and reuses it. */
export interface RequestDraft {
  /** Seconds since the start of the simulation; not before the request that came before. */
  arrivalSeconds: number
  /** At least 1. */
  promptTokens: number
  /** Tokens that the model will generate, at least 1; schedulers and routers do not see it. */
  outputTokens: number
  /** Number of its session; -1: none. */
  sessionId: number
  /** Higher goes first, where a scheduler heeds it. */
  priority: number
  /** Number of who sent it, an index into the specification's `tenants`; -1, which it is before `next`: none. */
  tenantId?: number
  /** Number of its class, an index into the specification's `classes`; -1, which it is before `next`: none. */
  classId?: number
  /**
   * Tokens that its client allows it to generate (`max_tokens`): longer outputs are cut. 0, which it is
   * before `next`: no limit.
   */
  maxOutputTokens?: number
  /** Output tokens that a predictor expects, for schedulers that heed it; 0, which it is before `next`: none does. */
  predictedOutputTokens?: number
  /** Number of its LoRA adapter, an index into the specification's `adapters`; -1, which it is before `next`: none. */
  adapterId?: number
  /**
   * What its prompt begins with; undefined, which it is before `next`: not known. The simulator copies the
   * ids before it asks again, so that a source refills one buffer.
   */
  promptBlocks?: PromptBlocks | undefined
  /**
   * The images in its prompt, whose tokens are among `promptTokens`; undefined, which it is before `next`: none.
   * The simulator copies the numbers before it asks again.
   */
  images?: PromptImages | undefined
}

/** Requests in time order, pulled one at a time, so that a long run holds no long list. */
export interface RequestSource {
  /** Fills in the next request; false when there is none. */
  next(into: RequestDraft): boolean
  /**
   * Where requests follow answers: a request of the session has its last token, or was refused. What
   * arrives next may be earlier from now on.
   */
  completed?(sessionId: number, nowSeconds: number): void
  /**
   * With `completed`: when the request that `next` would give arrives, as far as is known; Infinity when
   * none is to come before an answer. The simulator asks it in place of calling `next` ahead.
   */
  nextArrivalSeconds?(): number
}
