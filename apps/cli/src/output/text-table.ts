import Table from 'cli-table3'

const noLines = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
  ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
].map((place) => [place, ''] as const)

export interface TableOptions {
  /** How the columns after the first are aligned: numbers to the right (the default). */
  readonly align?: 'left' | 'right'
  /** Spaces between columns: 2 when absent. */
  readonly gap?: number
}

/** Rows as aligned columns without lines: easy to read, and to cut. */
export function textTable(
  rows: readonly (readonly string[])[],
  { align = 'right', gap = 2 }: TableOptions = {},
): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const table = new Table({
    chars: { ...Object.fromEntries(noLines), middle: ' '.repeat(gap) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: Array.from({ length: columns }, (_, index) => (index === 0 ? 'left' : align)),
  })
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
