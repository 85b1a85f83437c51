import type { SimulationSpec } from '@llmsim/contracts'
import { OBJECTIVE_WINDOW, ObjectiveSignal } from './objective-signal.js'
import type { PoolSet } from './pool-set.js'
import type { Pool } from './pool.js'
import { RecentRequests } from './recent-requests.js'
import type { RequestTable } from './request-table.js'
import { queueSignal, utilizationSignal, type ScalingSignal } from './scaling-signal.js'
import type { StartUpParts } from './start-up.js'

export interface PoolScalingParts {
  readonly spec: SimulationSpec
  readonly set: PoolSet
  readonly table: RequestTable
  readonly recent: RecentRequests | undefined
  readonly starting: StartUpParts
}

/** Lets the replicas of those pools come and go that are to. */
export function scalePools(parts: PoolScalingParts): void {
  for (const pool of parts.set.pools)
    if (pool.spec.autoscaling !== undefined) pool.autoscale(signalOf(pool, parts), parts.starting)
}

/** What is remembered of requests that have left; undefined where no pool is scaled by that. */
export function recentRequests(
  { pools }: SimulationSpec,
  table: RequestTable,
  { replicas }: PoolSet,
): RecentRequests | undefined {
  const windows = pools
    .filter(({ autoscaling }) => autoscaling?.signal === 'slo')
    .map(({ autoscaling }) => autoscaling?.windowSeconds ?? OBJECTIVE_WINDOW)
  if (windows.length === 0) return undefined
  return new RecentRequests(table, replicas, Math.max(...windows))
}

function signalOf(pool: Pool, { spec, set, table, recent }: PoolScalingParts): ScalingSignal {
  const { autoscaling, role } = pool.spec
  const { parked: list } = role === 'decode' ? set.decode : set.entry
  const parked = (): number => list.size
  if (autoscaling!.signal === 'utilization') return utilizationSignal(autoscaling!, pool)
  if (autoscaling!.signal === 'queue') return queueSignal(autoscaling!, pool, parked)
  const { replicas } = set
  return new ObjectiveSignal(autoscaling!, pool, pool.index, {
    spec,
    table,
    replicas,
    recent: recent!,
    parked,
  })
}
