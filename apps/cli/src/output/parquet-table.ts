import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { StreamedFile } from './streamed-file.js'
import type { TableColumn, TableFile } from './table.js'

/** Rows that are kept and written together. */
const GROUP = 65_536

const types = { integer: 'INT32', number: 'DOUBLE', text: 'BYTE_ARRAY' } as const

/** Rows of one column that are not written yet. */
class ColumnBuffer<Row> {
  readonly column: TableColumn<Row>
  readonly #numbers: Int32Array | Float64Array | undefined
  readonly #texts: (string | null)[] = []
  /** Rows that lack the value. */
  #missing = 0
  readonly #lacks: Uint8Array = new Uint8Array(GROUP)

  constructor(column: TableColumn<Row>) {
    this.column = column
    if (column.type !== 'text')
      this.#numbers = column.type === 'integer' ? new Int32Array(GROUP) : new Float64Array(GROUP)
  }

  set(at: number, row: Row): void {
    const value = this.column.of(row)
    if (this.#numbers === undefined) {
      this.#texts[at] = value === null ? null : String(value)
      return
    }
    if (typeof value === 'number' && !Number.isNaN(value)) {
      this.#numbers[at] = value
      return
    }
    // The first row of a group that lacks it: those before do not.
    if (this.#missing++ === 0) this.#lacks.fill(0)
    this.#lacks[at] = 1
  }

  /** The first `size` rows; the buffer is empty then. */
  take(size: number): Int32Array | Float64Array | (string | number | null)[] {
    if (this.#numbers === undefined) return this.#texts.slice(0, size)
    const rows = this.#numbers.subarray(0, size)
    if (this.#missing === 0) return rows
    this.#missing = 0
    return Array.from(rows, (value, at) => (this.#lacks[at] === 1 ? null : value))
  }
}

/** A Parquet file with a row group for every 65,536 rows: no more of them are ever in memory. */
export function parquetTable<Row>(
  file: StreamedFile,
  columns: readonly TableColumn<Row>[],
): TableFile<Row> {
  const buffers = columns.map((column) => new ColumnBuffer(column))
  const bytes = new ByteWriter()
  const flush = (): void => {
    file.write(new Uint8Array(bytes.buffer, 0, bytes.index))
    bytes.index = 0
  }
  const writer = new ParquetWriter({
    writer: Object.assign(bytes, { flush, finish: flush }),
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, type, required = false }) => ({
        name,
        type: types[type],
        repetition_type: required ? ('REQUIRED' as const) : ('OPTIONAL' as const),
        ...(type === 'text' ? { converted_type: 'UTF8' as const } : {}),
      })),
    ],
    codec: 'UNCOMPRESSED',
    statistics: false,
    createdBy: 'llmsim',
  })
  let size = 0
  const writeGroup = (): void => {
    // Everything is synchronous, as `flush` is.
    void writer.write({
      columnData: buffers.map((buffer) => ({
        name: buffer.column.name,
        data: buffer.take(size),
        offsetIndex: false,
        ...(buffer.column.type === 'text' ? {} : { encoding: 'PLAIN' as const }),
      })),
      rowGroupSize: GROUP,
      pageSize: GROUP * Float64Array.BYTES_PER_ELEMENT * 2,
    })
    size = 0
  }
  return {
    row(row) {
      for (const buffer of buffers) buffer.set(size, row)
      if (++size === GROUP) writeGroup()
    },
    commit() {
      if (size > 0) writeGroup()
      void writer.finish()
      file.commit()
    },
    abort: () => {
      file.abort()
    },
  }
}
