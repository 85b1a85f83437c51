import { isSimulatorError } from '@llmsim/contracts'
import { type Compressors, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import * as zlib from 'node:zlib'
import { knownKeys } from '../record-formats.js'
import { type Records } from '../record-rows.js'
import { TraceRecord } from '../trace-record.js'
import { recordReader } from '../trace-reader.js'
import { newRow, type TraceReader } from '../trace-row.js'
import { RowColumns, type TraceRows } from '../trace-rows.js'
import { fileError } from '../trace-values.js'
import { type TraceFile } from './file-chunks.js'

/** The rows of a Parquet file, in time order. */
export interface ParquetTrace {
  readonly format: string
  readonly failed: number
  readonly rows: TraceRows
}

const rowsAtOnce = 65_536

const compressors: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
}

/**
 * Reads the columns of a Parquet file whose columns are those of a known trace; the text and the
 * tokens beside them are not read.
 *
 * @throws SimulatorError FILE or INVALID_VALUE, as the reader of traces.
 */
export async function parquetColumns(file: TraceFile): Promise<ParquetTrace> {
  const buffer = {
    byteLength: file.size,
    slice: (start: number, end: number = file.size): ArrayBuffer => {
      const bytes = file.slice(start, end)
      const copy = new Uint8Array(bytes.length)
      copy.set(bytes)
      return copy.buffer
    },
  }
  try {
    const metadata = await parquetMetadataAsync(buffer)
    const total = Number(metadata.num_rows)
    // Texts and tokens lie beside the figures in some files: they are not unpacked.
    const columns = metadata.schema.map(({ name }) => name).filter((name) => knownKeys.has(name))
    let queue: Record<string, unknown>[] = []
    let taken = 0
    let row = 0
    const records: Records = () => {
      if (taken >= queue.length) return undefined
      row++
      return new TraceRecord(queue[taken++]!, file.path, row)
    }
    const held = new RowColumns()
    let reader: TraceReader | undefined
    const into = newRow()
    for (let start = 0; start < total; start += rowsAtOnce) {
      queue = await parquetReadObjects({
        file: buffer,
        metadata,
        columns,
        compressors,
        rowStart: start,
        rowEnd: Math.min(total, start + rowsAtOnce),
      })
      taken = 0
      reader ??= recordReader(records, file.path)
      held.addAll(reader, into)
    }
    if (reader === undefined || held.rows === 0)
      throw fileError(file.path, 'has no rows', 'at least one request')
    return { format: `${reader.format} (Parquet)`, failed: reader.failed, rows: held.finish() }
  } catch (error) {
    if (isSimulatorError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw fileError(file.path, `cannot be read as Parquet (${reason})`, 'a Parquet file')
  }
}
