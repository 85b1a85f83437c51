import { SimulatorError } from '@llmsim/contracts'
import { gzipSync } from 'node:zlib'
import { StreamedFile } from './streamed-file.js'
import type { TableColumn, TableFile } from './table.js'
import type { FileTarget } from './write-file.js'

/** Characters of text that are written at a time. */
const PIECE = 1 << 20

const endings = '.csv, .jsonl, .csv.gz, .jsonl.gz or .parquet'

/**
 * Opens a table by the ending of its name: CSV, JSON lines or Parquet.
 *
 * @throws SimulatorError FILE at `flag` for another ending, or where it cannot be written.
 */
export async function tableFile<Row>(
  target: FileTarget,
  flag: string,
  columns: readonly TableColumn<Row>[],
): Promise<TableFile<Row>> {
  const format = tableFormat(target.name, flag)
  if (format === 'parquet') {
    const { parquetTable } = await import('./parquet-table.js')
    return parquetTable(new StreamedFile(target, flag), columns)
  }
  const packed = target.name.toLowerCase().endsWith('.gz')
  return textTable(new StreamedFile(target, flag), packed, {
    header: format === 'csv' ? `${columns.map(({ name }) => name).join(',')}\n` : '',
    line: format === 'csv' ? csvLine(columns) : jsonLine(columns),
  })
}

/** What a table's name ends in. Throws `SimulatorError` `FILE` at `flag` for what it cannot be. */
export function tableFormat(name: string, flag: string): 'csv' | 'jsonl' | 'parquet' {
  const lower = name.toLowerCase()
  const plain = lower.endsWith('.gz') ? lower.slice(0, -3) : lower
  if (plain.endsWith('.csv')) return 'csv'
  if (plain.endsWith('.jsonl')) return 'jsonl'
  if (lower.endsWith('.parquet')) return 'parquet'
  throw new SimulatorError({
    code: 'FILE',
    path: flag,
    message: 'has no known ending',
    given: name,
    accepted: endings,
  })
}

interface TextFormat<Row> {
  readonly header: string
  line(row: Row): string
}

function textTable<Row>(
  file: StreamedFile,
  packed: boolean,
  format: TextFormat<Row>,
): TableFile<Row> {
  let text = format.header
  const flush = (): void => {
    file.write(packed ? gzipSync(text) : text)
    text = ''
  }
  return {
    row(row) {
      text += format.line(row)
      if (text.length >= PIECE) flush()
    },
    commit() {
      if (text !== '') flush()
      file.commit()
    },
    abort: () => {
      file.abort()
    },
  }
}

function csvLine<Row>(columns: readonly TableColumn<Row>[]): (row: Row) => string {
  return (row) => {
    let line = ''
    let separator = ''
    for (const column of columns) {
      line += separator + csvCell(column.of(row))
      separator = ','
    }
    return `${line}\n`
  }
}

function csvCell(value: number | string | null): string {
  if (typeof value === 'string')
    return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
  return value === null || Number.isNaN(value) ? '' : String(value)
}

function jsonLine<Row>(columns: readonly TableColumn<Row>[]): (row: Row) => string {
  const keys = columns.map(({ name }) => JSON.stringify(name))
  return (row) => {
    let line = '{'
    let separator = ''
    for (const [i, column] of columns.entries()) {
      const value = column.of(row)
      line += `${separator}${keys[i] ?? ''}:${JSON.stringify(value)}`
      separator = ','
    }
    return `${line}}\n`
  }
}
