import type { PoolFigures, SimulationResult } from '@llmsim/contracts'
import type { Pool } from './pool.js'
import type { SimulationRun } from './simulation-run.js'

/** What faults did to the requests of a run; nothing where nothing can break. */
export function faultFigures({
  outages,
  ledger,
  pools,
  clock,
}: SimulationRun): Pick<SimulationResult, 'failed_requests' | 'faults'> {
  if (outages === undefined) return {}
  return {
    failed_requests: ledger.failed,
    faults: {
      replica_faults: outages.replicaFaults,
      retried_requests: outages.retriedRequests,
      retries: outages.retries,
      lost_output_tokens: outages.lostTokens,
      availability: availability(pools, clock.now),
    },
  }
}

/** How much of the time a pool's replicas were up; nothing where nothing can break. */
export function poolAvailability(
  pool: Pool,
  { outages, clock: { now } }: SimulationRun,
): Pick<PoolFigures, 'availability'> {
  return outages === undefined ? {} : { availability: availability([pool], now) }
}

function availability(pools: readonly Pool[], now: number): number {
  let all = 0
  let down = 0
  for (const { replicas, autoscaler } of pools)
    for (const replica of replicas) {
      all += autoscaler === undefined ? now : replica.provisioned.total(now)
      down += replica.down.total(now)
    }
  return all > 0 ? Math.max(0, 1 - down / all) : 1
}
