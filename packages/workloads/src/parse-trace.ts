import { SimulatorError } from '@llmsim/contracts'
import { type ClockTime, clockTimeFormat, parseClockTime } from './clock-time.js'
import { CsvReader } from './csv-reader.js'
import { tokenLimit } from './length-distribution.js'
import { type TraceRows } from './trace-rows.js'

/** A known form of trace: the names of the three columns that it must have. */
interface TraceFormat {
  readonly arrival: string
  readonly prompt: string
  readonly output: string
  /** Units of `readArrival` in a second. */
  readonly unitsPerSecond: number
  /** Whether arrivals count from the first one. */
  readonly relative: boolean
  readonly accepted: string
  /** Reads an arrival; NaN when the text is none. */
  readonly arrivalReader: () => (text: string) => number
}

const formats: readonly TraceFormat[] = [
  {
    arrival: 'TIMESTAMP',
    prompt: 'ContextTokens',
    output: 'GeneratedTokens',
    unitsPerSecond: 1e7,
    relative: true,
    accepted: clockTimeFormat,
    arrivalReader: clockReader,
  },
  {
    arrival: 'arrived_at',
    prompt: 'num_prefill_tokens',
    output: 'num_decode_tokens',
    unitsPerSecond: 1,
    relative: false,
    accepted: 'seconds from 0 to 1e15',
    arrivalReader: () => readSeconds,
  },
]

const acceptedHeaders = formats
  .map(({ arrival, prompt, output }) => `${arrival},${prompt},${output}`)
  .join(' or ')

const tokensAccepted = 'an integer from 1 to 10,000,000'
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Parses a trace in one of two CSV forms, told apart by the header, whose columns may come in any
 * order and among others:
 *
 * - `TIMESTAMP,ContextTokens,GeneratedTokens`, as Azure published its LLM inference traces (Patel et
 *   al., "Splitwise", ISCA 2024): clock times with digits to 100 ns, from which the first is
 *   subtracted.
 * - `arrived_at,num_prefill_tokens,num_decode_tokens`, as Vidur reads them (Agrawal et al., "Vidur",
 *   MLSys 2024): seconds, taken as they are.
 *
 * A byte order mark, CRLF, quoted cells and blank lines at the end are accepted. Rows that are not in
 * time order are sorted; those that arrive together keep their order.
 *
 * @param options.path the name of the file, for errors.
 * @throws SimulatorError FILE for a text that is not such a table, INVALID_VALUE for a cell; its path
 * is `<file>`, `<file>:<line>` or `<file>:<line>:<column>`.
 */
export function parseTrace(text: string, options: { readonly path: string }): TraceRows {
  const { path } = options
  const reader = new CsvReader(text, path)
  if (!reader.next()) throw fileError(path, 'is empty', acceptedHeaders)
  const names = Array.from({ length: reader.cells }, (_, column) => reader.cell(column))
  const format = formats.find((known) =>
    [known.arrival, known.prompt, known.output].every((name) => names.includes(name)),
  )
  if (format === undefined)
    throw new SimulatorError({
      code: 'FILE',
      path: `${path}:1`,
      message: 'has no header of a known trace format',
      given: names.join(','),
      accepted: acceptedHeaders,
    })
  const arrivalColumn = columnOf(format.arrival, names, path)
  const promptColumn = columnOf(format.prompt, names, path)
  const outputColumn = columnOf(format.output, names, path)

  const capacity = countLines(text) - 1
  const arrivals = new Float64Array(capacity)
  const prompts = new Int32Array(capacity)
  const outputs = new Int32Array(capacity)
  const readArrival = format.arrivalReader()
  let rows = 0
  let sorted = true
  let before = -Infinity
  while (reader.next()) {
    if (reader.cells !== names.length)
      throw fileError(
        `${path}:${reader.line}`,
        `has ${reader.cells} ${reader.cells === 1 ? 'cell' : 'cells'}`,
        `${names.length} as in the header`,
      )
    const arrival = readArrival(reader.cell(arrivalColumn))
    if (Number.isNaN(arrival))
      throw cellError(reader, path, format.arrival, arrivalColumn, format.accepted)
    if (arrival < before) sorted = false
    before = arrival
    arrivals[rows] = arrival
    prompts[rows] = readTokens(reader, path, format.prompt, promptColumn)
    outputs[rows] = readTokens(reader, path, format.output, outputColumn)
    rows++
  }
  if (rows === 0) throw fileError(path, 'has a header and no rows', 'at least one request')
  return finish(arrivals, prompts, outputs, rows, sorted, format)
}

/** Trims the columns to the rows there are, puts them in time order and converts the arrivals. */
function finish(
  arrivals: Float64Array,
  prompts: Int32Array,
  outputs: Int32Array,
  rows: number,
  sorted: boolean,
  format: TraceFormat,
): TraceRows {
  const arrivalSeconds = new Float64Array(rows)
  const promptTokens = new Int32Array(rows)
  const outputTokens = new Int32Array(rows)
  const order = new Uint32Array(sorted ? 0 : rows)
  for (let i = 0; i < order.length; i++) order[i] = i
  order.sort((a, b) => arrivals[a]! - arrivals[b]! || a - b)
  const first = format.relative ? arrivals[sorted ? 0 : order[0]!]! : 0
  for (let i = 0; i < rows; i++) {
    const row = sorted ? i : order[i]!
    arrivalSeconds[i] = (arrivals[row]! - first) / format.unitsPerSecond
    promptTokens[i] = prompts[row]!
    outputTokens[i] = outputs[row]!
  }
  return { arrivalSeconds, promptTokens, outputTokens }
}

/** Reads clock times as units of 100 ns since the second of the first one. */
function clockReader(): (text: string) => number {
  const time: ClockTime = { seconds: 0, ticks: 0 }
  let origin: number | undefined
  return (text) => {
    if (!parseClockTime(text, time)) return NaN
    origin ??= time.seconds
    return (time.seconds - origin) * 1e7 + time.ticks
  }
}

function readSeconds(text: string): number {
  const seconds = decimal.test(text) ? Number(text) : NaN
  // Adding 0 turns -0 into 0.
  return seconds >= 0 && seconds <= 1e15 ? seconds + 0 : NaN
}

function readTokens(reader: CsvReader, path: string, name: string, column: number): number {
  const tokens = reader.digits(column)
  if (tokens >= 1 && tokens <= tokenLimit) return tokens
  const text = reader.cell(column)
  const number = decimal.test(text) ? Number(text) : NaN
  if (Number.isInteger(number) && number >= 1 && number <= tokenLimit) return number
  throw cellError(reader, path, name, column, tokensAccepted)
}

function columnOf(name: string, names: readonly string[], path: string): number {
  const column = names.indexOf(name)
  if (names.lastIndexOf(name) !== column)
    throw fileError(`${path}:1`, `has two columns ${name}`, 'one')
  return column
}

function countLines(text: string): number {
  let lines = 1
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lines++
  return lines
}

function fileError(path: string, message: string, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'FILE', path, message, accepted })
}

function cellError(
  reader: CsvReader,
  path: string,
  name: string,
  column: number,
  accepted: string,
): SimulatorError {
  const text = reader.cell(column)
  const number = decimal.test(text) ? Number(text) : NaN
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path: `${path}:${reader.line}:${name}`,
    message: text === '' ? 'is empty' : 'is not a value of this column',
    given: Number.isFinite(number) ? number : text,
    accepted,
  })
}
