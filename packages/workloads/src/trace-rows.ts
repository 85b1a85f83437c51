/** The requests of a trace in time order, one column per quantity, all of one length. */
export interface TraceRows {
  /** Seconds since the start of the trace, at least 0, never falling. */
  readonly arrivalSeconds: Float64Array
  /** From 1 to 10,000,000. */
  readonly promptTokens: Int32Array
  /** From 1 to 10,000,000. */
  readonly outputTokens: Int32Array
}
