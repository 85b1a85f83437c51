import { type ColumnFormat } from './column-formats.js'
import { type TraceRecord } from './trace-record.js'
import { SessionNumbers } from './session-numbers.js'
import { copyRow, newRow, type TraceReader, type TraceRow } from './trace-row.js'
import { timeReader } from './trace-values.js'

/** The next record of a file; undefined at its end. */
export type Records = () => TraceRecord | undefined

/** How the records of a format become rows; one record may hold many, as a session does. */
export interface RecordFormat {
  readonly name: string
  /** Hands each request of a record to `emit`, which copies it. */
  read(record: TraceRecord, row: TraceRow, emit: () => void): void
}

/** Rows of records, in the order of the file. */
export class RecordRows implements TraceReader {
  failed = 0
  private readonly row = newRow()
  private readonly queue: TraceRow[] = []
  private kept = 0
  private taken = 0
  private readonly emit = (): void => {
    const { row } = this
    if (row.promptTokens === 0 || row.outputTokens === 0) this.failed++
    else this.keep(row)
  }

  constructor(
    private readonly records: Records,
    private readonly recordFormat: RecordFormat,
  ) {}

  get format(): string {
    return this.recordFormat.name
  }

  next(into: TraceRow): boolean {
    while (this.taken >= this.kept) {
      const record = this.records()
      if (record === undefined) return false
      this.kept = 0
      this.taken = 0
      this.clear()
      this.recordFormat.read(record, this.row, this.emit)
    }
    copyRow(this.queue[this.taken++]!, into)
    return true
  }

  private keep(row: TraceRow): void {
    if (this.kept === this.queue.length) this.queue.push(newRow())
    copyRow(row, this.queue[this.kept++]!)
  }

  private clear(): void {
    const { row } = this
    row.arrivalSeconds = 0
    row.sessionId = -1
    row.priority = 0
    row.thinkSeconds = -1
    row.tenant = ''
    row.adapter = ''
    row.blocks = undefined
    row.blockTokens = 0
  }
}

/** Records whose keys are the columns of a table. */
export function columnRecords(columns: ColumnFormat): RecordFormat {
  const readArrival = timeReader(columns.unitsPerSecond, columns.relative)
  const sessions = new SessionNumbers()
  return {
    name: columns.name,
    read(record, row, emit) {
      if (columns.arrival !== undefined)
        row.arrivalSeconds = record.time(columns.arrival, readArrival, columns.accepted)
      const least = columns.failures ? 0 : 1
      row.promptTokens = record.tokens(columns.prompt, least)
      row.outputTokens = record.tokens(columns.output, least)
      if (columns.session !== undefined) row.sessionId = sessions.of(record.text(columns.session))
      if (columns.tenant !== undefined) row.tenant = record.text(columns.tenant)
      if (columns.adapter !== undefined) row.adapter = record.text(columns.adapter)
      if (columns.urgency !== undefined && record.has(columns.urgency))
        row.priority = 0 - record.number(columns.urgency)
      if (columns.think !== undefined && record.has(columns.think))
        row.thinkSeconds = record.number(columns.think)
      emit()
    },
  }
}
