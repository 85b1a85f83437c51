import Table from 'cli-table3'

/** No lines at all: columns of text that are easy to read, and to cut. */
const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Rows as aligned columns without borders; the first column is left-aligned, `right` says for the rest. */
export function textTable(rows: readonly (readonly string[])[], right = true): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const table = new Table({
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: Array.from({ length: columns }, (_, index) =>
      index === 0 || !right ? 'left' : 'right',
    ),
  })
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
