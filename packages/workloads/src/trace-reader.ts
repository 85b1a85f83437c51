import { SimulatorError } from '@llmsim/contracts'
import { acceptedHeaders, formatOfColumns } from './column-formats.js'
import { ColumnRows } from './column-rows.js'
import { CsvReader } from './csv-reader.js'
import { acceptedKeys, formatOfRecords } from './record-formats.js'
import { RecordRows, type Records } from './record-rows.js'
import { type TextChunks, TextLines } from './text-lines.js'
import { isRecord, TraceRecord } from './trace-record.js'
import { type TraceReader } from './trace-row.js'
import { fileError } from './trace-values.js'

const openBrace = 123
const openBracket = 91
/** Longest JSON document in characters that is read as a whole. */
const documentLimit = 400_000_000
/** Records that are looked at to tell formats apart. */
const sampleLimit = 64

/**
 * Reads a trace of any known form, told apart by its header or its keys:
 *
 * - CSV: Azure 2023 and 2024, Vidur, BurstGPT, splitwise-sim, BLIS TraceV2, and lengths without
 *   times (`prompt_len,output_len` and the like).
 * - JSON, one record in a line or a list: Mooncake, vLLM `timed_trace`, Qwen-Bailian, AIPerf,
 *   LLMServingSim and the log of its harness, the columns of any of the tables above as keys, and
 *   pairs of lengths (`[[512, 128]]`).
 * - One JSON object, or one in a line: sessions of coding agents (kv-cache-tester).
 *
 * A byte order mark, CRLF, quoted cells and blank lines at the end are accepted.
 *
 * @param path the name of the file, for errors.
 * @throws SimulatorError FILE for a text that is no such trace, INVALID_VALUE for a value; its path
 * is `<file>`, `<file>:<line>` or `<file>:<line>:<column>`. The reader's `next` throws the same.
 */
export function traceReader(chunks: TextChunks, path: string): TraceReader {
  const lines = new TextLines(chunks, path)
  if (!lines.next()) throw fileError(path, 'is empty', acceptedHeaders)
  const first = firstCode(lines)
  if (first === openBrace) return fromObjects(lines, path)
  if (first === openBracket) return fromList(lines, path)
  return fromTable(lines, path)
}

/** Rows of records that another reader made, as of Parquet. */
export function recordReader(records: Records, path: string): TraceReader {
  return fromRecords(records, path, 'columns')
}

function firstCode(lines: TextLines): number {
  const { text, start, end } = lines
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code !== 32 && code !== 9) return code
  }
  return 0
}

function fromTable(lines: TextLines, path: string): TraceReader {
  const reader = new CsvReader(lines)
  reader.split()
  const names = Array.from({ length: reader.cells }, (_, column) => reader.cell(column))
  const format = formatOfColumns((name) => names.includes(name))
  if (format === undefined) throw unknown(`${path}:1`, 'header', names.join(','), acceptedHeaders)
  return new ColumnRows(reader, format, names, path)
}

function fromObjects(lines: TextLines, path: string): TraceReader {
  const line = lines.current()
  let first: unknown
  try {
    first = JSON.parse(line)
  } catch {
    // An object over several lines: the whole file is one document.
    const start = lines.line
    const whole = parseJson(lines.rest(documentLimit), path, start)
    if (!isRecord(whole)) throw fileError(`${path}:${start}`, 'is not an object', acceptedKeys)
    return fromRecords(listed([whole], path, start), path, 'keys')
  }
  let pending: TraceRecord | undefined = record(first, path, lines.line)
  return fromRecords(
    () => {
      if (pending !== undefined) {
        const given = pending
        pending = undefined
        return given
      }
      return lines.next()
        ? record(parseJson(lines.current(), path, lines.line), path, lines.line)
        : undefined
    },
    path,
    'keys',
  )
}

function fromList(lines: TextLines, path: string): TraceReader {
  const start = lines.line
  const values = parseJson(lines.rest(documentLimit), path, start)
  if (!Array.isArray(values) || values.length === 0)
    throw fileError(path, 'is an empty list', acceptedKeys)
  return fromRecords(listed(values, path, start), path, 'keys')
}

/** The values of a list; pairs of numbers are the lengths of a prompt and its output. */
function listed(values: readonly unknown[], path: string, line: number): Records {
  let index = 0
  return () => {
    if (index >= values.length) return undefined
    const value: unknown = values[index]
    const at = values.length === 1 ? path : `${path}[${index}]`
    index++
    if (Array.isArray(value) && value.length === 2)
      return new TraceRecord({ prompt_len: value[0], output_len: value[1] }, at, line)
    return record(value, at, line)
  }
}

function record(value: unknown, path: string, line: number): TraceRecord {
  if (isRecord(value)) return new TraceRecord(value, path, line)
  throw fileError(`${path}:${line}`, 'is not an object', acceptedKeys)
}

function fromRecords(records: Records, path: string, kind: 'keys' | 'columns'): TraceReader {
  const samples: TraceRecord[] = []
  while (samples.length < sampleLimit) {
    let sample
    try {
      sample = records()
    } catch (error) {
      // The place of a defect is shown when the rows before it have been read.
      if (samples.length === 0) throw error
      return new RecordRows(withSamples(samples, failing(error)), known(samples, path, kind))
    }
    if (sample === undefined) break
    samples.push(sample)
  }
  if (samples.length === 0)
    throw fileError(path, 'has no rows', kind === 'keys' ? acceptedKeys : acceptedHeaders)
  return new RecordRows(withSamples(samples, records), known(samples, path, kind))
}

function failing(error: unknown): Records {
  return () => {
    throw error
  }
}

function withSamples(samples: readonly TraceRecord[], rest: Records): Records {
  let index = 0
  return () => (index < samples.length ? samples[index++] : rest())
}

function known(
  samples: readonly TraceRecord[],
  path: string,
  kind: 'keys' | 'columns',
): NonNullable<ReturnType<typeof formatOfRecords>> {
  const format = formatOfRecords(samples)
  if (format !== undefined) return format
  const first = samples[0]!
  throw unknown(`${path}:${first.line}`, kind, Object.keys(first.values).join(','), acceptedKeys)
}

function parseJson(text: string, path: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw fileError(`${path}:${line}`, 'is not JSON', 'one object in each line, or one document')
  }
}

function unknown(path: string, what: string, given: string, accepted: string): SimulatorError {
  return new SimulatorError({
    code: 'FILE',
    path,
    message: `has no ${what} of a known trace format`,
    given,
    accepted,
  })
}
