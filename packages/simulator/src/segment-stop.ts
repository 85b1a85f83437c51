import type { Lane } from './lane.js'
import type { Observation } from './observation.js'
import type { Replica } from './replica.js'
import type { StepMetrics } from './step-metrics.js'

/** Ends a running segment at the end of the run: what it did until then counts. */
export function stopSegment(
  lane: Lane,
  replica: Replica,
  limit: number,
  steps: StepMetrics,
  observation: Observation | undefined,
): void {
  const { segment } = lane
  replica.sampleUntil(limit)
  const used = replica.usedAt(limit)
  replica.kv.notePeak(used)
  // The step that is under way has its blocks as well, which the steps that are done do not tell of.
  replica.cache?.settle(used)
  const done = segment.stepsDoneBy(limit)
  segment.end = limit
  if (lane.work.next < limit) lane.work.sample(lane)
  steps.busy(lane)
  replica.flights?.end(limit)
  lane.breakdown?.end(done, segment.shareOfStep(done, limit))
  replica.steps += Math.min(done, segment.steps - 1)
  segment.resize(done)
  observation?.segment(lane, limit)
  if (lane.decodes && segment.steps > 0) steps.decoded(lane)
}
