/** One request of a trace; a reader owns the object and fills it in again for each row. */
export interface TraceRow {
  /** Seconds since the start of the trace. */
  arrivalSeconds: number
  /** From 1 to 10,000,000. */
  promptTokens: number
  /** From 1 to 10,000,000. */
  outputTokens: number
  /** Number of its session, from 0 to 2^31 - 1; -1: none. */
  sessionId: number
  /** Higher is more urgent; 0 where a trace has none. */
  priority: number
  /** Seconds from the end of the session's previous request to this one; -1: not recorded. */
  thinkSeconds: number
  /** Who sent it; empty where a trace does not say. */
  tenant: string
  /** Name of its LoRA adapter; empty, or absent: none. */
  adapter?: string
  /** Ids of the blocks of its prompt: equal leading ids are a shared prefix. */
  blocks: readonly unknown[] | undefined
  /** Tokens that each of them stands for; 0, or absent: not known, and no cache can hold them. */
  blockTokens?: number
}

/** Rows one at a time, so that a long trace takes no more memory than a short one. */
export interface RowStream {
  /** Fills in the next row; false when there is none. */
  next(into: TraceRow): boolean
}

/** Rows of a file in its own order, with times that may fall. */
export interface TraceReader extends RowStream {
  /** Name of the format. */
  readonly format: string
  /** Rows so far that were left out, since they have no prompt or no output. */
  readonly failed: number
}

/** A row to be filled in. */
export function newRow(): TraceRow {
  return {
    arrivalSeconds: 0,
    promptTokens: 0,
    outputTokens: 0,
    sessionId: -1,
    priority: 0,
    thinkSeconds: -1,
    tenant: '',
    adapter: '',
    blocks: undefined,
    blockTokens: 0,
  }
}

/** Writes all fields of one row into another. */
export function copyRow(from: TraceRow, into: TraceRow): void {
  into.arrivalSeconds = from.arrivalSeconds
  into.promptTokens = from.promptTokens
  into.outputTokens = from.outputTokens
  into.sessionId = from.sessionId
  into.priority = from.priority
  into.thinkSeconds = from.thinkSeconds
  into.tenant = from.tenant
  into.adapter = from.adapter ?? ''
  into.blocks = from.blocks
  into.blockTokens = from.blockTokens ?? 0
}
