import { SimulatorError } from '@llmsim/contracts'
import type { RequestRecord } from '@llmsim/metrics'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { tableFormat } from './output/table-file.js'

/** What a column of a record may be called, the first that is there being taken. */
const names = {
  arrival: ['arrival_s', 'queued_ts', 'arrived_at', 'arrival_time'],
  start: ['start_s', 'scheduled_ts'],
  firstToken: ['first_token_s', 'first_token_ts', 'first_token_time'],
  finish: ['finish_s', 'last_token_ts', 'finish_time', 'end_time'],
  prompt: ['prompt_tokens', 'input_toks', 'num_prefill_tokens', 'input_tokens'],
  output: ['output_tokens', 'output_toks', 'num_decode_tokens'],
  class: ['class'],
  tenant: ['tenant', 'tenant_id'],
  outcome: ['outcome'],
} as const

type Row = Readonly<Record<string, unknown>>

/** Completed requests of a file, and how many others it has. */
export interface MeasuredRecords {
  readonly records: RequestRecord[]
  readonly notCompleted: number
}

/**
 * Reads records of requests: those of `--requests-output`, or of a server's log with one line for each
 * request, as CSV, JSON lines (either packed) or Parquet.
 *
 * @throws SimulatorError FILE or INVALID_VALUE with the row and the column at fault.
 */
export async function measuredRecords(file: string, shown: string): Promise<MeasuredRecords> {
  const format = tableFormat(shown, 'FILE')
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
    if (file.toLowerCase().endsWith('.gz')) bytes = gunzipSync(bytes)
  } catch {
    throw new SimulatorError({
      code: 'FILE',
      path: shown,
      message: 'cannot be read',
      accepted: 'an existing file',
    })
  }
  const rows = await rowsOf(bytes, format, shown)
  const completed = rows.filter((row) => (valueOf(row, 'outcome') ?? 'completed') === 'completed')
  return {
    records: completed.map((row, index) => recordOf(row, `${shown}: record ${index + 1}`)),
    notCompleted: rows.length - completed.length,
  }
}

async function rowsOf(bytes: Buffer, format: string, shown: string): Promise<Row[]> {
  if (format === 'parquet') {
    const { parquetReadObjects } = await import('hyparquet')
    try {
      return await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
    } catch (error) {
      throw invalid(shown, `is no Parquet file (${String(error)})`, 'a Parquet file')
    }
  }
  const text = bytes.toString()
  if (format === 'csv') {
    const { default: Papa } = await import('papaparse')
    return Papa.parse<Row>(text, { header: true, skipEmptyLines: true }).data
  }
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index): Row => {
      try {
        const row: unknown = JSON.parse(line)
        if (typeof row === 'object' && row !== null) return row as Row
      } catch {
        // Said below.
      }
      throw invalid(`${shown}: line ${index + 1}`, 'is no JSON object', 'one in each line')
    })
}

function recordOf(row: Row, at: string): RequestRecord {
  const start = valueOf(row, 'start')
  const className = valueOf(row, 'class')
  const tenantName = valueOf(row, 'tenant')
  return {
    arrivalSeconds: numberOf(row, 'arrival', at),
    ...(start === undefined ? {} : { startSeconds: numberOf(row, 'start', at) }),
    firstTokenSeconds: numberOf(row, 'firstToken', at),
    finishSeconds: numberOf(row, 'finish', at),
    promptTokens: numberOf(row, 'prompt', at),
    outputTokens: numberOf(row, 'output', at),
    ...(className === undefined ? {} : { className: String(className) }),
    ...(tenantName === undefined ? {} : { tenantName: String(tenantName) }),
  }
}

/** Undefined where a record lacks the value. */
function valueOf(row: Row, field: keyof typeof names): string | number | undefined {
  for (const name of names[field]) {
    const value = row[name]
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return value
  }
  return undefined
}

function numberOf(row: Row, field: keyof typeof names, at: string): number {
  const value = valueOf(row, field)
  const number = Number(value ?? NaN)
  if (Number.isFinite(number)) return number
  throw invalid(at, `has no number of ${names[field].join(' or ')}`, 'a number', value)
}

function invalid(path: string, message: string, accepted: string, given?: unknown): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message,
    accepted,
    ...(given === undefined ? {} : { given }),
  })
}
