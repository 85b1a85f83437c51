import { textTable } from '../output/text-table.js'
import type { MeasuredPoint } from './measured-point.js'
import type { PointOutcome } from './point-errors.js'
import {
  groupings,
  validationOf,
  type GroupEntry,
  type SummaryEntry,
} from './validation-summary.js'

/** The outcomes of one cost model. */
export interface ModelOutcomes {
  readonly costModel: string
  readonly outcomes: readonly PointOutcome[]
}

/** A table of a comparison: heads, then rows of cells. */
export interface ComparisonTable {
  readonly title: string
  readonly rows: readonly (readonly string[])[]
}

/** Rows below which a group says little. */
const FEWEST = 10

/** Metrics by which groups are compared: what targets are set for. */
const groupMetrics: ReadonlySet<string> = new Set([
  'output_tokens_per_s',
  'ttft_ms_mean',
  'tpot_ms_mean',
  'e2e_ms_mean',
])

/**
 * The errors of cost models side by side, by metric and by group of ten rows or more. Only rows that
 * each of them expresses count.
 */
export function compareModels(
  points: readonly MeasuredPoint[],
  models: readonly ModelOutcomes[],
): ComparisonTable[] {
  const common = models.map(({ outcomes }) =>
    outcomes.map((outcome, index) =>
      models.every((other) => (other.outcomes[index]?.rows.length ?? 0) > 0)
        ? outcome
        : { rows: [], skipped: [] },
    ),
  )
  const summaries = common.map((outcomes) => validationOf(points, outcomes).summary)
  const [first] = summaries
  if (first === undefined) return []
  const heads = models.flatMap(({ costModel }) =>
    ['median %', 'p90 %', 'bias %'].map((head) => `${costModel} ${head}`),
  )
  const overall = first.by_metric.map((entry) => [
    entry.metric,
    String(entry.count),
    ...summaries.flatMap(({ by_metric }) => cells(by_metric, (other) => sameMetric(other, entry))),
  ])
  const below = first.below_saturation.map((entry) => [
    `${entry.metric}, below saturation`,
    String(entry.count),
    ...summaries.flatMap(({ below_saturation }) =>
      cells(below_saturation, (other) => sameMetric(other, entry)),
    ),
  ])
  return [
    { title: 'metric', rows: [['metric', 'rows', ...heads], ...overall, ...below] },
    ...groupings.map((grouping) => ({
      title: grouping,
      rows: [
        [grouping, 'metric', 'rows', ...heads],
        ...first.by[grouping]
          .filter(({ metric, count }) => count >= FEWEST && groupMetrics.has(metric))
          .map((entry) => [
            entry.group,
            entry.metric,
            String(entry.count),
            ...summaries.flatMap(({ by }) =>
              cells(
                by[grouping],
                (other) => other.group === entry.group && sameMetric(other, entry),
              ),
            ),
          ]),
      ],
    })),
  ]
}

function sameMetric(a: SummaryEntry, b: SummaryEntry): boolean {
  return a.metric === b.metric
}

function cells<T extends SummaryEntry | GroupEntry>(
  entries: readonly T[],
  wanted: (entry: T) => boolean,
): string[] {
  const entry = entries.find(wanted)
  if (entry === undefined) return ['-', '-', '-']
  return [entry.median_absolute_percent, entry.p90_absolute_percent, entry.bias_percent].map(
    (value) => value.toFixed(1),
  )
}

/** Tables for the terminal. */
export function comparisonText(tables: readonly ComparisonTable[]): string {
  return `${tables.map(({ rows }) => textTable(rows)).join('\n\n')}\n`
}

/** Tables in Markdown. */
export function comparisonMarkdown(tables: readonly ComparisonTable[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`
  return tables
    .map(({ title, rows: [heads = [], ...rows] }) => {
      const rule = heads.map((head, index) => (index === 0 || head === 'metric' ? '---' : '---:'))
      return [`### By ${title}`, '', line(heads), line(rule), ...rows.map(line), ''].join('\n')
    })
    .join('\n')
}
