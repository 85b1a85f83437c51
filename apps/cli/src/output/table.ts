/** A column of a table; a value that is NaN or null is missing. */
export interface TableColumn<Row> {
  readonly name: string
  readonly type: 'integer' | 'number' | 'text'
  /** Whether every row has a value. */
  readonly required?: boolean
  of(row: Row): number | string | null
}

/** Takes a table row by row; the file is there when it is committed, whole. */
export interface TableFile<Row> {
  row(row: Row): void
  commit(): void
  abort(): void
}
