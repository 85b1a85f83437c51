import { type RequestSource } from '@llmsim/contracts'
import { clientRows, expectedRequests, longestOf } from '../rate-windows.js'
import { changedRows, newCounts, type TraceCounts, type TraceOptions } from '../trace-options.js'
import { newRow, type RowStream, type TraceReader, type TraceRow } from '../trace-row.js'
import { RowColumns, type TraceRows } from '../trace-rows.js'
import { columnStream, rowSource } from '../trace-source.js'
import { fileError } from '../trace-values.js'
import { traceInput } from './trace-input.js'

/** A trace that can be replayed as often as wanted. */
export interface OpenTrace {
  /** Name of the format. */
  readonly format: string
  /** Requests after all options; the expected number where they are drawn. */
  readonly rows: number
  /** Whether requests are drawn from rates, and not listed. */
  readonly drawn: boolean
  /** Whether requests are read from the file as they come, and not held in memory. */
  readonly streaming: boolean
  /** Requests that were left out, since they have no prompt or no output. */
  readonly failed: number
  /** What the options did; zeros where requests are drawn. */
  readonly counts: Readonly<TraceCounts>
  /** Whether requests say who sent them. */
  readonly hasTenants: boolean
  /** Whether requests say which LoRA adapter they have. */
  readonly hasAdapters: boolean
  /** Tokens of the longest request, prompt and output together. */
  readonly longestRequest: number
  /** What was taken for granted, in words. */
  readonly notes: readonly string[]
  /** The requests from the first one, with all that the trace says of each. */
  rowStream(): RowStream
  /**
   * The requests from the first one; names of tenants are added to a list as they are met, and each LoRA adapter
   * that is met first is given a number.
   */
  source(tenants?: string[], addAdapter?: (name: string) => number): RequestSource
}

/**
 * Opens a trace file or folder in any known form (see `traceReader`), packed with gzip or not, or
 * Parquet with the columns of one:
 *
 * - Text is read through once, to check it, and again by each source, in memory that does not grow
 *   with the file. Where its times are out of order, and with Parquet, 16 bytes of each request are
 *   held.
 * - A folder of ServeGen's clients (`chunk-1-trace.csv`, `chunk-1-dataset.json` and so on), one of
 *   them, or a table `window_start_s,requests_per_s`: requests are drawn.
 * - A folder of sessions of coding agents: their starts are drawn.
 *
 * @throws SimulatorError FILE when the path leads to nothing that can be read, INVALID_VALUE for a
 * value or an option; the paths are `<file>`, `<file>:<line>` or `<file>:<line>:<column>`.
 */
export async function openTrace(path: string, options: TraceOptions = {}): Promise<OpenTrace> {
  const { seed = 0 } = options
  // Wrong options show before a long file is read.
  changedRows({ next: () => false }, options)
  const input = traceInput(path, seed)
  if (input.kind === 'clients') {
    const { clients, format, notes } = input
    return openDrawn(() => clientRows(clients, seed), options, {
      format,
      notes,
      rows: expectedRequests(clients, options.windowSeconds),
      longestRequest: longestOf(clients),
    })
  }
  if (input.kind === 'columns') return openColumns(path, input, options)
  if (input.kind === 'parquet') {
    // Most traces need no reader of Parquet: it is loaded for those that do.
    const { parquetColumns } = await import('./parquet-columns.js')
    const { format, failed, rows } = await parquetColumns(input.file)
    return openColumns(path, { format, failed, rows, notes: [] }, options)
  }
  const reader = input.reader()
  const counts = newCounts()
  try {
    const scan = scanned(changedRows(new InOrder(reader), options, counts))
    if (scan.rows === 0) throw nothingLeft(path, reader, counts)
    return new Opened(() => changedRows(input.reader(), options), {
      ...scan,
      format: reader.format,
      failed: reader.failed,
      counts,
      drawn: false,
      streaming: true,
      notes: reader.format === 'lengths' ? [allAtOnce] : [],
    })
  } catch (error) {
    if (error !== outOfOrder) throw error
  }
  const again = input.reader()
  const columns = new RowColumns()
  columns.addAll(again, newRow())
  const { format, failed } = again
  return openColumns(path, { format, failed, rows: columns.finish(), notes: [] }, options)
}

const allAtOnce = 'has no times: all requests arrive at once, for a closed loop'

interface Held {
  readonly format: string
  readonly failed: number
  readonly rows: TraceRows
  readonly notes: readonly string[]
}

function openColumns(path: string, held: Held, options: TraceOptions): OpenTrace {
  const counts = newCounts()
  const stream = (): RowStream => changedRows(columnStream(held.rows), options)
  const scan = scanned(changedRows(columnStream(held.rows), options, counts))
  if (scan.rows === 0) throw nothingLeft(path, held, counts)
  const { format, failed, notes } = held
  return new Opened(stream, {
    ...scan,
    format,
    failed,
    notes,
    counts,
    drawn: false,
    streaming: false,
  })
}

function openDrawn(
  rows: () => RowStream,
  options: TraceOptions,
  facts: Pick<OpenTrace, 'format' | 'notes' | 'rows' | 'longestRequest'>,
): OpenTrace {
  const {
    maxTotalTokens = Infinity,
    maxPromptTokens = Infinity,
    maxOutputTokens = Infinity,
  } = options
  return new Opened(() => changedRows(rows(), options), {
    ...facts,
    longestRequest: Math.min(
      facts.longestRequest,
      maxTotalTokens,
      maxPromptTokens + maxOutputTokens,
    ),
    rows: Math.round(facts.rows * (options.rateScale ?? 1)),
    failed: 0,
    hasTenants: false,
    hasAdapters: false,
    counts: newCounts(),
    drawn: true,
    streaming: true,
  })
}

class Opened implements OpenTrace {
  readonly format: string
  readonly rows: number
  readonly drawn: boolean
  readonly streaming: boolean
  readonly failed: number
  readonly counts: Readonly<TraceCounts>
  readonly longestRequest: number
  readonly hasTenants: boolean
  readonly hasAdapters: boolean
  readonly notes: readonly string[]

  constructor(
    readonly rowStream: () => RowStream,
    facts: Omit<OpenTrace, 'rowStream' | 'source'>,
  ) {
    this.format = facts.format
    this.rows = facts.rows
    this.drawn = facts.drawn
    this.streaming = facts.streaming
    this.failed = facts.failed
    this.counts = facts.counts
    this.longestRequest = facts.longestRequest
    this.hasTenants = facts.hasTenants
    this.hasAdapters = facts.hasAdapters
    this.notes = facts.notes
  }

  source(tenants?: string[], addAdapter?: (name: string) => number): RequestSource {
    return rowSource(this.rowStream(), tenants, addAdapter)
  }
}

/** Thrown, and caught here, where a file's times fall. */
const outOfOrder = new Error('the rows are not in time order')

class InOrder implements RowStream {
  private before = 0

  constructor(private readonly rows: RowStream) {}

  next(into: TraceRow): boolean {
    if (!this.rows.next(into)) return false
    if (into.arrivalSeconds < this.before) throw outOfOrder
    this.before = into.arrivalSeconds
    return true
  }
}

function scanned(rows: RowStream): {
  rows: number
  longestRequest: number
  hasTenants: boolean
  hasAdapters: boolean
} {
  const row = newRow()
  let count = 0
  let longestRequest = 0
  let hasTenants = false
  let hasAdapters = false
  while (rows.next(row)) {
    count++
    longestRequest = Math.max(longestRequest, row.promptTokens + row.outputTokens)
    if (row.tenant !== '') hasTenants = true
    if ((row.adapter ?? '') !== '') hasAdapters = true
  }
  return { rows: count, longestRequest, hasTenants, hasAdapters }
}

function nothingLeft(
  path: string,
  { failed }: Pick<TraceReader, 'failed'>,
  { outside, dropped }: TraceCounts,
): Error {
  const gone = failed + outside + dropped
  return fileError(
    path,
    gone === 0
      ? 'has a header and no rows'
      : `has no request left: ${failed} failed, ${outside} outside the window, ${dropped} too long`,
    'at least one request',
  )
}
