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
}

/** Requests in time order, pulled one at a time, so that a long run holds no long list. */
export interface RequestSource {
  /** Fills in the next request; false when there is none. */
  next(into: RequestDraft): boolean
}
