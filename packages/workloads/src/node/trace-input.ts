import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { drawExponential, randomStream } from '@llmsim/engine'
import {
  assumedLengths,
  isLengthTable,
  isRateTable,
  parseLengthWindows,
  parseRateWindows,
  type TrafficClient,
} from '../rate-windows.js'
import { traceReader } from '../trace-reader.js'
import { newRow, type TraceReader } from '../trace-row.js'
import { RowColumns, type TraceRows } from '../trace-rows.js'
import { fileError } from '../trace-values.js'
import { type TraceFile, traceFile, unreadable } from './file-chunks.js'

/** What a path leads to. */
export type TraceInput =
  | {
      readonly kind: 'rows'
      /** Reads the file again from its start. */
      readonly reader: () => TraceReader
    }
  | {
      readonly kind: 'columns'
      readonly format: string
      readonly failed: number
      readonly rows: TraceRows
      readonly notes: readonly string[]
    }
  | {
      readonly kind: 'clients'
      readonly format: string
      readonly clients: readonly TrafficClient[]
      readonly notes: readonly string[]
    }
  | { readonly kind: 'parquet'; readonly file: TraceFile }

/** Mean seconds between the starts of sessions that lie in files of their own. */
const sessionGapSeconds = 60
/** Longest JSON document in characters that is read as a whole. */
const documentLimit = 400_000_000
/** Most files of a folder that are looked at. */
const fileLimit = 100_000

/**
 * Finds out what a file or folder holds.
 *
 * @param seed draws the starts of sessions.
 * @throws SimulatorError FILE when there is nothing that can be read as a trace.
 */
export function traceInput(path: string, seed: number): TraceInput {
  let folder: boolean
  try {
    folder = statSync(path).isDirectory()
  } catch (error) {
    throw unreadable(path, error)
  }
  return folder ? folderInput(path, seed) : fileInput(traceFile(path))
}

function fileInput(file: TraceFile): TraceInput {
  const kind = kindOf(file)
  const { path } = file
  switch (kind) {
    case 'parquet':
      return { kind, file }
    case 'rates': {
      const lengths = lengthsBeside(path)
      const client = {
        windows: parseRateWindows(file.text(), path),
        lengths: lengths ?? assumedLengths,
      }
      return {
        kind: 'clients',
        format: 'rates',
        clients: [client],
        notes: lengths === undefined ? [lengthsAssumed] : [],
      }
    }
    case 'lengths': {
      const rates = path.replace(/dataset(\.json)$/, 'trace.csv')
      if (rates === path || !exists(rates))
        throw fileError(
          path,
          'has lengths and no arrivals',
          'a file beside it that ends in trace.csv',
        )
      return fileInput(traceFile(rates))
    }
    case 'rows':
      return { kind, reader: () => traceReader(file.text(), path) }
  }
}

const lengthsAssumed =
  'has no lengths: drawn log-normal, 512 tokens in and 128 out in the mean, each with half of it as deviation'

function kindOf({ head, path }: TraceFile): 'parquet' | 'rates' | 'lengths' | 'rows' {
  const magic = String.fromCharCode(...head.subarray(0, 4))
  if (magic === 'PAR1') return 'parquet'
  if (magic === 'PK\u0003\u0004') throw fileError(path, 'is a ZIP archive', 'the unpacked trace')
  if (magic === '\u0028\u00b5\u002f\u00fd')
    throw fileError(path, 'is compressed with zstd', 'gzip, or the unpacked trace')
  const text = new TextDecoder('latin1').decode(head)
  const [first = ''] = text.split('\n')
  if (isRateTable(first)) return 'rates'
  if (/^\s*\{\s*"\d+"\s*:\s*\{\s*"(input_tokens|output_tokens|reason_ratio)"/.test(text))
    return 'lengths'
  return 'rows'
}

/** The lengths of a client of ServeGen lie in a file of the same number. */
function lengthsBeside(rates: string): TrafficClient['lengths'] | undefined {
  const path = rates.replace(/trace(\.csv)$/, 'dataset.json')
  if (path === rates || !exists(path)) return undefined
  const file = traceFile(path)
  if (file.size > documentLimit)
    throw fileError(path, 'is too long', `at most ${documentLimit} bytes`)
  const chunks = file.text()
  const parts: string[] = []
  for (let chunk = chunks(); chunk !== undefined; chunk = chunks()) parts.push(chunk)
  let value: unknown
  try {
    value = JSON.parse(parts.join(''))
  } catch {
    throw fileError(path, 'is not JSON', 'lengths by second')
  }
  return isLengthTable(value) ? parseLengthWindows(value, path) : undefined
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function folderInput(path: string, seed: number): TraceInput {
  let names: string[]
  try {
    names = readdirSync(path).sort(byNumber)
  } catch (error) {
    throw unreadable(path, error)
  }
  const files = names
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(path, name))
    .filter(exists)
  if (files.length > fileLimit)
    throw fileError(path, `is a folder of ${files.length} files`, `at most ${fileLimit}`)
  const kinds = files.map((file) => [traceFile(file), file] as const)
  const rates = kinds.filter(([file]) => isClientTable(file))
  if (rates.length > 0) return clientsInput(rates.map(([file]) => file))
  const sessions = kinds.filter(([file]) => isSession(file)).map(([file]) => file)
  if (sessions.length > 0) return sessionsInput(sessions, seed)
  throw fileError(
    path,
    'is a folder without clients of ServeGen or sessions of agents',
    'one of its files, or a folder of these',
  )
}

/** Names with their numbers in order. */
function byNumber(a: string, b: string): number {
  const number = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 0)
  return number(a) - number(b) || (a < b ? -1 : a > b ? 1 : 0)
}

function isClientTable(file: TraceFile): boolean {
  const [first = ''] = new TextDecoder('latin1').decode(file.head).split('\n')
  return isRateTable(first) && first.split(',').length === 6
}

function isSession(file: TraceFile): boolean {
  const text = new TextDecoder('latin1').decode(file.head)
  return text.trimStart().startsWith('{') && /"requests"\s*:\s*\[/.test(text)
}

function clientsInput(files: readonly TraceFile[]): TraceInput {
  let assumed = 0
  const clients = files.map((file) => {
    const lengths = lengthsBeside(file.path)
    if (lengths === undefined) assumed++
    return {
      windows: parseRateWindows(file.text(), file.path),
      lengths: lengths ?? assumedLengths,
    }
  })
  return {
    kind: 'clients',
    format: 'servegen',
    clients,
    notes: assumed === 0 ? [] : [`${assumed} clients: ${lengthsAssumed}`],
  }
}

function sessionsInput(files: readonly TraceFile[], seed: number): TraceInput {
  const stream = randomStream(seed, 'session-starts')
  const columns = new RowColumns()
  const row = newRow()
  let start = 0
  let failed = 0
  let numbers = 0
  for (const file of files) {
    const reader = traceReader(file.text(), file.path)
    let most = -1
    while (reader.next(row)) {
      row.arrivalSeconds += start
      most = Math.max(most, row.sessionId)
      if (row.sessionId >= 0) {
        row.sessionId += numbers
        // Ids mean something within their own file alone.
        const file = numbers
        if (file > 0) row.blocks = row.blocks?.map((block) => `${file}:${String(block)}`)
      }
      columns.add(row)
    }
    numbers += most + 1
    failed += reader.failed
    start += drawExponential(stream) * sessionGapSeconds
  }
  return {
    kind: 'columns',
    format: 'sessions',
    failed,
    rows: columns.finish(),
    notes: [
      `${files.length} sessions, each from a file of its own: their starts are drawn, ${sessionGapSeconds} s apart in the mean`,
    ],
  }
}
