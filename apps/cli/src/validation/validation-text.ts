import Papa from 'papaparse'
import { figure } from '../output/figures.js'
import { textTable } from '../output/text-table.js'
import type { ErrorStatistics } from './error-statistics.js'
import type { SuspectPoint } from './point-quality.js'
import { groupings, type Validation } from './validation-summary.js'

const statisticHeads = ['ROWS', 'MEDIAN %', 'P90 %', 'BIAS %']

/** A validation for the terminal: each row, then the errors by group, then all of them. */
export function validationTable({ rows, skipped, summary }: Validation, withRows: boolean): string {
  const parts: string[] = []
  if (withRows && rows.length > 0)
    parts.push(
      textTable([
        ['ROW', 'METRIC', 'MEASURED', 'SIMULATED', 'ERROR %'],
        ...rows.map((row) => [
          row.id,
          row.metric,
          figure(row.measured),
          figure(row.simulated),
          percentage(100 * row.relative_error),
        ]),
      ]),
    )
  for (const grouping of groupings) {
    const entries = summary.by[grouping]
    if (entries.length === 0) continue
    parts.push(
      textTable([
        [grouping.toUpperCase(), 'METRIC', ...statisticHeads],
        ...entries.map((entry) => [entry.group, entry.metric, ...statisticCells(entry)]),
      ]),
    )
  }
  if (summary.by_metric.length > 0)
    parts.push(
      textTable([
        ['ALL', ...statisticHeads],
        ...summary.by_metric.map((entry) => [entry.metric, ...statisticCells(entry)]),
        ...summary.below_saturation.map((entry) => [
          `${entry.metric}, below saturation`,
          ...statisticCells(entry),
        ]),
      ]),
    )
  if (skipped.length > 0)
    parts.push(
      textTable(
        [
          ['SKIPPED', 'REASON'],
          ...summary.skipped_reasons.map(({ reason, count }) => [String(count), reason]),
        ],
        { align: 'left' },
      ),
    )
  parts.push(
    `${summary.simulated} of ${summary.measurements} measurements simulated, ${summary.skipped} skipped`,
  )
  return `${parts.join('\n\n')}\n`
}

function statisticCells(entry: ErrorStatistics): string[] {
  return [
    String(entry.count),
    percentage(entry.median_absolute_percent),
    percentage(entry.p90_absolute_percent),
    percentage(entry.bias_percent),
  ]
}

function percentage(value: number): string {
  return value.toFixed(1)
}

/** The rows as CSV. */
export function validationCsv({ rows }: Validation): string {
  const columns = ['id', 'metric', 'measured', 'simulated', 'relative_error', 'saturated']
  return `${Papa.unparse([...rows], { columns, newline: '\n', header: true })}\n`
}

/** The measurements that something contradicts. */
export function suspectTable(suspect: readonly SuspectPoint[]): string {
  if (suspect.length === 0) return 'nothing contradicts a measurement\n'
  const rows = suspect.map(({ id, reason }) => [id, reason])
  return `${textTable([['SUSPECT', 'REASON'], ...rows], { align: 'left' })}\n`
}
