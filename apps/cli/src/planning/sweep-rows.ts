import type { Assignment, Axis } from '@llmsim/planner'
import type { PointOutcome } from './point-job.js'
import { flatFigures } from './study-figure.js'

/** One point of a sweep, evaluated. */
export interface SweepRow {
  readonly index: number
  readonly values: Assignment
  /** Numbers of the result by their path; empty where there is none. */
  readonly figures: ReadonlyMap<string, number | null>
  /** Why there is no result. */
  readonly problem?: string
}

export function sweepRow(index: number, values: Assignment, outcome: PointOutcome): SweepRow {
  if (outcome.result === undefined) {
    const { path, message } = outcome.error
    const problem = path === '' ? message : `${path}: ${message}`
    return { index, values, figures: new Map(), problem }
  }
  return { index, values, figures: flatFigures(outcome.result) }
}

/** A sweep as columns, the same whatever the order in which its points came. */
export interface SweepColumns {
  readonly axes: readonly Axis[]
  readonly rows: readonly SweepRow[]
  /** Paths of all numbers, in the order of the results file. */
  readonly figures: readonly string[]
}

export function sweepColumns(axes: readonly Axis[], rows: readonly SweepRow[]): SweepColumns {
  const figures = new Set<string>()
  for (const row of rows) for (const path of row.figures.keys()) figures.add(path)
  // A section that is null in one result and has fields in another: its fields say more.
  for (const path of [...figures])
    if ([...figures].some((other) => other.startsWith(`${path}.`))) figures.delete(path)
  return { axes, rows, figures: [...figures] }
}
