import { nearNames, NumberFormat, SimulatorError } from '@llmsim/contracts'
import Papa from 'papaparse'
import { operatorKinds, type OperatorName, type Sizes } from './operator-kind.js'

/** One timed operator. */
export interface OperatorTiming {
  readonly kernel: OperatorName
  /** Of the weights, or of the KV cache. */
  readonly format: NumberFormat
  readonly sizes: Sizes
  readonly seconds: number
}

const names = Object.keys(operatorKinds) as OperatorName[]

/** More seconds than any one operator takes: a column in other units. */
const MOST_SECONDS = 100

/**
 * Reads timings: columns `kernel`, `format`, `seconds` and those that the kinds of its rows need.
 *
 * Throws `SimulatorError` with the line and the column at fault.
 *
 * @param file what errors call the table.
 */
export function parseTimings(csv: string, file: string): OperatorTiming[] {
  const { data, errors } = Papa.parse<string[]>(csv.replace(/^\uFEFF/, ''), { delimiter: ',' })
  const quoting = errors.find(({ type }) => type === 'Quotes')
  if (quoting !== undefined)
    throw invalid(`${file}: line ${(quoting.row ?? 0) + 1}`, quoting.message)
  const [header = [], ...rows] = data
  const columns = header.map((column) => column.trim())
  const timings: OperatorTiming[] = []
  for (const [index, row] of rows.entries()) {
    const line = `${file}: line ${index + 2}`
    if (row.every((cell) => cell.trim() === '')) continue
    if (row.length !== columns.length)
      throw invalid(line, `has ${row.length} cells`, undefined, `${columns.length}, as the header`)
    const cells = new Map(columns.map((column, at) => [column, row[at]?.trim() ?? '']))
    timings.push(parseTiming(cells, (column) => `${line}: ${column}`))
  }
  return timings
}

function parseTiming(
  cells: ReadonlyMap<string, string>,
  place: (column: string) => string,
): OperatorTiming {
  const given = cells.get('kernel') ?? ''
  const kernel = names.find((name) => name === given)
  if (kernel === undefined)
    throw new SimulatorError({
      code: 'UNKNOWN_NAME',
      path: place('kernel'),
      message: 'no kind of kernel',
      given,
      accepted: names.join(', '),
      nearest: nearNames(given, names),
    })
  const kind = operatorKinds[kernel]
  const format = NumberFormat.safeParse(cells.get('format') || 'bf16')
  if (!format.success)
    throw invalid(
      place('format'),
      'is no number format',
      cells.get('format'),
      NumberFormat.options.join(', '),
    )
  const sizes = Object.fromEntries(
    kind.columns.map((column) => {
      const value = positive(cells, column, place)
      if (!Number.isInteger(value))
        throw invalid(place(column), 'is not whole', value, 'a whole number')
      if (column === 'ranks' && value < 2)
        throw invalid(place(column), 'is too small', value, '2 or more devices')
      return [column, value]
    }),
  )
  const seconds = positive(cells, 'seconds', place)
  if (seconds > MOST_SECONDS)
    throw invalid(place('seconds'), 'is too long for one operator', seconds, 'seconds, not ms')
  return { kernel, format: format.data, sizes, seconds }
}

function positive(
  cells: ReadonlyMap<string, string>,
  column: string,
  place: (column: string) => string,
): number {
  const text = cells.get(column) ?? ''
  if (text === '') throw invalid(place(column), 'is required', undefined, 'a number above 0')
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw invalid(place(column), 'is invalid', text, 'a number above 0')
}

function invalid(
  path: string,
  message: string,
  given?: unknown,
  accepted?: string,
): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message,
    ...(given === undefined ? {} : { given }),
    ...(accepted === undefined ? {} : { accepted }),
  })
}
