import type { Lane } from './lane.js'
import type { Observation } from './observation.js'
import type { Replica } from './replica.js'
import type { StepMetrics } from './step-metrics.js'

/**
 * Ends a running segment in the middle of a step: the steps that ended before `now` count, the one under
 * way is lost, and so is what it had of KV blocks. Its time was busy all the same.
 */
export function abortSegment(
  lane: Lane,
  replica: Replica,
  now: number,
  steps: StepMetrics,
  observation: Observation | undefined,
): void {
  const { segment } = lane
  const done = segment.steps === 1 ? 0 : segment.stepsToReach(now) - 1
  const share = segment.shareOfStep(done, now)
  replica.kv.notePeak(replica.usedBefore(now))
  segment.end = now
  if (lane.work.next < now) lane.work.sample(lane)
  steps.busy(lane)
  replica.flights?.end(now)
  lane.breakdown?.end(done, share)
  replica.steps += done
  segment.resize(done)
  observation?.segment(lane, now)
  if (lane.decodes && done > 0) {
    steps.decoded(lane)
    replica.kv.allocate(lane.laterStepsBlocks)
    lane.advance()
  } else if (lane.decodes) replica.kv.allocate(-lane.firstStepBlocks)
  segment.active = false
  lane.chunks.size = 0
  lane.decodes = false
}
