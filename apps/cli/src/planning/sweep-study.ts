import { evaluateAll, type Assignment } from '@llmsim/planner'
import type { PlainObject } from '../scenario/assignments.js'
import type { PointOutcome } from './point-job.js'
import type { Study } from './study.js'
import { StudyStopped, type StudySession } from './study-session.js'
import { pointCount, pointsOf, scenarioAt, type SweepPlan } from './sweep-plan.js'
import { sweepRow, type SweepRow } from './sweep-rows.js'

/** One of several parts of a sweep: every `of`-th point from the `part`-th on. */
export interface Shard {
  /** From 1 on. */
  readonly part: number
  readonly of: number
}

/** Evaluates the points of a sweep, or of one shard of it; rows are in the order of the points. */
export async function runSweep(
  base: PlainObject,
  plan: SweepPlan,
  { study, progress, interruption }: StudySession,
  shard: Shard = { part: 1, of: 1 },
): Promise<SweepRow[]> {
  const places: number[] = []
  const values: Assignment[] = []
  function* scenarios(): Generator<PlainObject> {
    let index = 0
    for (const point of pointsOf(plan)) {
      if (index % shard.of === shard.part - 1) {
        places.push(index)
        values.push(point)
        yield scenarioAt(base, plan.axes, point)
      }
      index++
    }
  }
  const rows: SweepRow[] = []
  progress.expect(Math.ceil((pointCount(plan) - shard.part + 1) / shard.of))
  await evaluateAll(scenarios(), study, {
    signal: interruption,
    onOutcome: ({ outcome }, at) => {
      rows[at] = sweepRow(places[at] ?? at, values[at] ?? [], outcome)
      progress.advance()
    },
  })
  if (interruption.aborted) throw new StudyStopped('stopped')
  return rows
}

/** The rows of a sweep whose points are all finished, and the places of those that are not. */
export async function finishedSweep(
  base: PlainObject,
  plan: SweepPlan,
  study: Study,
): Promise<{ rows: SweepRow[]; missing: number[] }> {
  const rows: SweepRow[] = []
  const missing: number[] = []
  let index = 0
  for (const point of pointsOf(plan)) {
    const outcome = await study.lookUp(scenarioAt(base, plan.axes, point))
    if (outcome === undefined) missing.push(index)
    else rows.push(sweepRow(index, point, outcome satisfies PointOutcome))
    index++
  }
  return { rows, missing }
}
