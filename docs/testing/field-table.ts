import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './markdown-fence.js'

/** The cells of the tables of a document whose first column is headed `Field`. */
export function fieldRows(document: string): string[][] {
  const rows: string[][] = []
  let inside = false
  for (const line of readFileSync(path.join(root, document), 'utf8').split('\n')) {
    if (!line.startsWith('|')) inside = false
    else {
      const cells = line.split('|').slice(1, -1)
      const [first = '', ...rest] = cells.map((cell) => cell.trim())
      if (first === 'Field') inside = true
      else if (inside && !first.startsWith('---')) rows.push(...spread([first, ...rest]))
    }
  }
  return rows
}

/** A row of `{a,b}` as a row of `a` and one of `b`, for each such choice. */
function spread(row: readonly string[]): string[][] {
  const choice = /\{([^{}]*,[^{}]*)\}/
  const names = choice.exec(row[0] ?? '')?.[1]?.split(',')
  if (names === undefined) return [[...row]]
  return names.flatMap((name) => spread(row.map((cell) => cell.replace(choice, name))))
}

/** What stands in `code` marks, if that is all there is in front. */
export function quoted(cell: string): string | undefined {
  return /^`([^`]+)`/.exec(cell)?.[1]
}
