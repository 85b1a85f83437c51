import { type RowStream, type TraceRow } from './trace-row.js'

/** The requests of a trace in time order, one column per quantity, all of one length. */
export interface TraceRows {
  /** Seconds since the start of the trace, at least 0, never falling. */
  readonly arrivalSeconds: Float64Array
  /** From 1 to 10,000,000. */
  readonly promptTokens: Int32Array
  /** From 1 to 10,000,000. */
  readonly outputTokens: Int32Array
  /** Number of each request's session, -1: none; absent when no request has one. */
  readonly sessionIds?: Int32Array
  /** Priority of each request; absent when all are 0. */
  readonly priorities?: Float64Array
  /** Seconds since the session's previous answer, -1: not recorded; absent when none is. */
  readonly thinkSeconds?: Float64Array
  /** Ids of the blocks of each prompt; absent when none has any. */
  readonly blocks?: readonly (readonly unknown[] | undefined)[]
  /** Tokens that each of a prompt's ids stands for. */
  readonly blockTokens?: Float64Array
}

/** Columns that grow row by row. */
export class RowColumns {
  rows = 0
  private arrivals = new Float64Array(1024)
  private prompts = new Int32Array(1024)
  private outputs = new Int32Array(1024)
  private sessions: Int32Array | undefined
  private priorities: Float64Array | undefined
  private thinking: Float64Array | undefined
  private readonly blocks: (readonly unknown[] | undefined)[] = []
  private blockTokens: Float64Array | undefined
  private sorted = true

  /** Takes in all rows of a stream. */
  addAll(stream: RowStream, row: TraceRow): void {
    while (stream.next(row)) this.add(row)
  }

  add(row: TraceRow): void {
    const at = this.rows
    if (at === this.arrivals.length) this.widen()
    if (at > 0 && row.arrivalSeconds < this.arrivals[at - 1]!) this.sorted = false
    this.arrivals[at] = row.arrivalSeconds
    this.prompts[at] = row.promptTokens
    this.outputs[at] = row.outputTokens
    if (row.sessionId >= 0 && this.sessions === undefined)
      this.sessions = new Int32Array(this.arrivals.length).fill(-1)
    if (this.sessions !== undefined) this.sessions[at] = row.sessionId
    if (row.priority !== 0 && this.priorities === undefined)
      this.priorities = new Float64Array(this.arrivals.length)
    if (this.priorities !== undefined) this.priorities[at] = row.priority
    if (row.thinkSeconds >= 0 && this.thinking === undefined)
      this.thinking = new Float64Array(this.arrivals.length).fill(-1)
    if (this.thinking !== undefined) this.thinking[at] = row.thinkSeconds
    if (row.blocks !== undefined && this.blockTokens === undefined)
      this.blockTokens = new Float64Array(this.arrivals.length)
    if (this.blockTokens !== undefined) {
      this.blocks[at] = row.blocks
      this.blockTokens[at] = row.blockTokens ?? 0
    }
    this.rows++
  }

  /**
   * The columns in time order; requests that arrive together keep their order. Where times are below
   * 0, as those of rows before the first one of a file, all are moved so that the least is 0.
   */
  finish(): TraceRows {
    const { rows, sorted } = this
    const order = new Uint32Array(sorted ? 0 : rows)
    for (let i = 0; i < order.length; i++) order[i] = i
    const { arrivals } = this
    order.sort((a, b) => arrivals[a]! - arrivals[b]! || a - b)
    const earliest = rows === 0 ? 0 : arrivals[sorted ? 0 : order[0]!]!
    const origin = earliest < 0 ? earliest : 0
    const arrivalSeconds = new Float64Array(rows)
    for (let i = 0; i < rows; i++) arrivalSeconds[i] = arrivals[sorted ? i : order[i]!]! - origin
    const ordered = <T extends Int32Array | Float64Array>(from: T, into: T): T => {
      for (let i = 0; i < rows; i++) into[i] = from[sorted ? i : order[i]!]!
      return into
    }
    return {
      arrivalSeconds,
      promptTokens: ordered(this.prompts, new Int32Array(rows)),
      outputTokens: ordered(this.outputs, new Int32Array(rows)),
      ...(this.sessions === undefined
        ? {}
        : { sessionIds: ordered(this.sessions, new Int32Array(rows)) }),
      ...(this.priorities === undefined
        ? {}
        : { priorities: ordered(this.priorities, new Float64Array(rows)) }),
      ...(this.thinking === undefined
        ? {}
        : { thinkSeconds: ordered(this.thinking, new Float64Array(rows)) }),
      ...(this.blockTokens === undefined
        ? {}
        : {
            blocks: Array.from({ length: rows }, (_, i) => this.blocks[sorted ? i : order[i]!]),
            blockTokens: ordered(this.blockTokens, new Float64Array(rows)),
          }),
    }
  }

  private widen(): void {
    const length = this.arrivals.length * 2
    this.arrivals = widenedTimes(this.arrivals, length)
    this.prompts = widened(this.prompts, length)
    this.outputs = widened(this.outputs, length)
    if (this.sessions !== undefined) this.sessions = widened(this.sessions, length)
    if (this.priorities !== undefined) this.priorities = widenedTimes(this.priorities, length)
    if (this.thinking !== undefined) this.thinking = widenedTimes(this.thinking, length)
    if (this.blockTokens !== undefined) this.blockTokens = widenedTimes(this.blockTokens, length)
  }
}

function widenedTimes(column: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(length)
  wide.set(column)
  return wide
}

function widened(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(length)
  wide.set(column)
  return wide
}
