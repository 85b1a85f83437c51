import { type ColumnFormat } from './column-formats.js'
import { type CsvReader } from './csv-reader.js'
import { tokenLimit } from './length-distribution.js'
import { SessionNumbers } from './session-numbers.js'
import { type TraceReader, type TraceRow } from './trace-row.js'
import {
  fileError,
  readNumber,
  readTokens,
  timeReader,
  tokensAccepted,
  valueError,
} from './trace-values.js'

/** Reads the rows of a table whose header has been read. */
export class ColumnRows implements TraceReader {
  readonly format: string
  failed = 0
  private readonly arrival: number
  private readonly prompt: number
  private readonly output: number
  private readonly session: number
  private readonly tenant: number
  private readonly adapter: number
  private readonly urgency: number
  private readonly think: number
  private readonly readArrival: (text: string) => number
  private readonly sessions = new SessionNumbers()

  /** @throws SimulatorError FILE when a column is there twice. */
  constructor(
    private readonly reader: CsvReader,
    private readonly columns: ColumnFormat,
    private readonly names: readonly string[],
    private readonly path: string,
  ) {
    this.format = columns.name
    this.arrival = this.columnOf(columns.arrival)
    this.prompt = this.columnOf(columns.prompt)
    this.output = this.columnOf(columns.output)
    this.session = this.columnOf(columns.session)
    this.tenant = this.columnOf(columns.tenant)
    this.adapter = this.columnOf(columns.adapter)
    this.urgency = this.columnOf(columns.urgency)
    this.think = this.columnOf(columns.think)
    this.readArrival = timeReader(columns.unitsPerSecond, columns.relative)
  }

  next(into: TraceRow): boolean {
    const { reader, names, columns } = this
    while (reader.next()) {
      if (reader.cells !== names.length)
        throw fileError(
          `${this.path}:${reader.line}`,
          `has ${reader.cells} ${reader.cells === 1 ? 'cell' : 'cells'}`,
          `${names.length} as in the header`,
        )
      into.arrivalSeconds = 0
      if (columns.arrival !== undefined) {
        const text = reader.cell(this.arrival)
        const arrival = this.readArrival(text)
        if (Number.isNaN(arrival))
          throw valueError(this.path, reader.line, columns.arrival, text, columns.accepted)
        into.arrivalSeconds = arrival
      }
      const prompt = this.tokens(columns.prompt, this.prompt)
      const output = this.tokens(columns.output, this.output)
      if (prompt === 0 || output === 0) {
        this.failed++
        continue
      }
      into.promptTokens = prompt
      into.outputTokens = output
      into.sessionId = this.session < 0 ? -1 : this.sessions.of(reader.cell(this.session))
      into.tenant = this.tenant < 0 ? '' : reader.cell(this.tenant)
      into.adapter = this.adapter < 0 ? '' : reader.cell(this.adapter)
      into.priority = this.urgency < 0 ? 0 : 0 - this.number(this.urgency, 0)
      into.thinkSeconds = this.think < 0 ? -1 : this.number(this.think, -1)
      into.blocks = undefined
      into.blockTokens = 0
      return true
    }
    return false
  }

  private tokens(name: string, column: number): number {
    const { reader, columns } = this
    const digits = reader.digits(column)
    const least = columns.failures ? 0 : 1
    if (digits >= least && digits <= tokenLimit) return digits
    const text = reader.cell(column)
    const tokens = readTokens(text)
    if (tokens >= least) return tokens
    throw valueError(this.path, reader.line, name, text, tokensAccepted)
  }

  private number(column: number, absent: number): number {
    const text = this.reader.cell(column)
    if (text === '') return absent
    const number = readNumber(text)
    if (Number.isFinite(number)) return number
    throw valueError(this.path, this.reader.line, this.names[column] ?? '', text, 'a number')
  }

  private columnOf(name: string | undefined): number {
    if (name === undefined) return -1
    const column = this.names.indexOf(name)
    if (this.names.lastIndexOf(name) !== column)
      throw fileError(`${this.path}:1`, `has two columns ${name}`, 'one')
    return column
  }
}
