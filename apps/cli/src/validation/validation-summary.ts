import { errorStatistics, type ErrorStatistics } from './error-statistics.js'
import { metrics, type MeasuredPoint, type Metric } from './measured-point.js'
import type { PointError, PointOutcome, SkippedPoint } from './point-errors.js'

/** What rows are grouped by. */
export const groupings = ['accelerator', 'model', 'scenario', 'engine', 'source'] as const
export type Grouping = (typeof groupings)[number]

/** Errors of one metric, over all rows or over those of one group. */
export interface SummaryEntry extends ErrorStatistics {
  readonly metric: Metric
}

export interface GroupEntry extends SummaryEntry {
  readonly group: string
}

export interface ValidationSummary {
  readonly measurements: number
  readonly simulated: number
  readonly skipped: number
  /** Over all rows that could be expressed. */
  readonly by_metric: readonly SummaryEntry[]
  /** Time to the first token where requests do not mostly wait for it. */
  readonly below_saturation: readonly SummaryEntry[]
  readonly by: Readonly<Record<Grouping, readonly GroupEntry[]>>
  readonly skipped_reasons: readonly { readonly reason: string; readonly count: number }[]
}

/** What a validation found: the rows in the order of the file. */
export interface Validation {
  readonly rows: readonly PointError[]
  readonly skipped: readonly SkippedPoint[]
  readonly summary: ValidationSummary
}

/** Puts the outcomes of the points, in the same order, together. */
export function validationOf(
  points: readonly MeasuredPoint[],
  outcomes: readonly PointOutcome[],
): Validation {
  const rows = outcomes.flatMap((outcome) => outcome.rows)
  const skipped = outcomes.flatMap((outcome) => outcome.skipped)
  return { rows, skipped, summary: summaryOf(points, outcomes, rows, skipped) }
}

function summaryOf(
  points: readonly MeasuredPoint[],
  outcomes: readonly PointOutcome[],
  rows: readonly PointError[],
  skipped: readonly SkippedPoint[],
): ValidationSummary {
  const byId = new Map(points.map((point) => [point.id, point]))
  const by = Object.fromEntries(
    groupings.map((grouping) => [
      grouping,
      grouped(rows, ({ id }) => groupOf(byId.get(id), grouping)),
    ]),
  ) as Record<Grouping, GroupEntry[]>
  return {
    measurements: points.length,
    simulated: outcomes.filter((outcome) => outcome.rows.length > 0).length,
    skipped: outcomes.filter((outcome) => outcome.rows.length === 0).length,
    by_metric: byMetric(rows),
    below_saturation: byMetric(
      rows.filter(({ metric, saturated }) => metric.startsWith('ttft') && !saturated),
    ),
    by,
    skipped_reasons: reasonsOf(skipped),
  }
}

function groupOf(point: MeasuredPoint | undefined, grouping: Grouping): string {
  return point?.[grouping === 'accelerator' ? 'hardware' : grouping] ?? ''
}

function byMetric(rows: readonly PointError[]): SummaryEntry[] {
  return metrics.flatMap((metric) => {
    const errors = rows.filter((row) => row.metric === metric).map((row) => row.relative_error)
    const statistics = errorStatistics(errors)
    return statistics === undefined ? [] : [{ metric, ...statistics }]
  })
}

function grouped(
  rows: readonly PointError[],
  groupName: (row: PointError) => string,
): GroupEntry[] {
  const groups = new Map<string, PointError[]>()
  for (const row of rows) {
    const group = groupName(row)
    const members = groups.get(group) ?? []
    members.push(row)
    groups.set(group, members)
  }
  return [...groups.keys()]
    .toSorted()
    .flatMap((group) => byMetric(groups.get(group) ?? []).map((entry) => ({ group, ...entry })))
}

/** Reasons by how many rows they keep out, figures of single rows taken out. */
function reasonsOf(skipped: readonly SkippedPoint[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .toSorted((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
}
