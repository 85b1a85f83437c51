import type { AutoscalingSpec } from '@llmsim/contracts'
import type { ScaledPool } from './scaled-pool.js'

/** A relative error of sums that must not ask for one replica more. */
const ROUNDING = 1e-6

/** What an autoscaler goes by. */
export interface ScalingSignal {
  /**
   * Replicas with which the signal would be at its target; asked once at each look.
   *
   * @param desired - how many there are to be now
   * @param isStarting - whether some of them are not there yet
   */
  wanted(now: number, desired: number, isStarting: boolean): number
}

/** Each replica is to be busy for a share of the time since the last look. */
export function utilizationSignal(
  { target, intervalSeconds }: AutoscalingSpec,
  pool: ScaledPool,
): ScalingSignal {
  let before = 0
  const { attentionRanks = 1 } = pool.spec
  return {
    wanted(now) {
      const busy = busySeconds(pool, now)
      const amount = (busy - before) / intervalSeconds / attentionRanks
      before = busy
      return Math.ceil(amount / target - ROUNDING)
    },
  }
}

/** So many requests are to wait for each replica, those that found none at all included. */
export function queueSignal(
  { target }: AutoscalingSpec,
  { replicas }: ScaledPool,
  parked: () => number,
): ScalingSignal {
  return {
    wanted() {
      const amount = replicas.reduce((sum, replica) => sum + replica.queued, parked())
      return Math.ceil(amount / target - ROUNDING)
    },
  }
}

/** Seconds until `now` that the devices of a pool were busy, the segments that run included. */
function busySeconds({ replicas }: ScaledPool, now: number): number {
  let busy = 0
  for (const { lanes } of replicas)
    for (const lane of lanes) {
      busy += lane.totalPrefillSeconds + lane.totalDecodeSeconds
      if (lane.segment.active) busy += (now - lane.segment.start) * lane.busyShare
    }
  return busy
}
