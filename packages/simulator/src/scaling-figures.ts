import type { PoolFigures } from '@llmsim/contracts'
import type { Pool } from './pool.js'

/** Seconds of all replicas of a pool, each attention rank by itself: of the run, and of the measured window. */
export function replicaSeconds(
  { replicas, autoscaler }: Pool,
  runSeconds: number,
  windowSeconds: number,
): { readonly whole: number; readonly window: number } {
  if (autoscaler === undefined)
    return { whole: runSeconds * replicas.length, window: windowSeconds * replicas.length }
  let whole = 0
  let window = 0
  for (const { provisioned } of replicas) {
    whole += provisioned.total(runSeconds)
    window += provisioned.inWindow(runSeconds)
  }
  return { whole, window }
}

/** Replicas that are paid for, on average over the measured window. */
export function meanReplicas(pool: Pool, runSeconds: number, windowSeconds: number): number {
  if (pool.autoscaler === undefined || windowSeconds <= 0) return pool.spec.replicas
  const { window } = replicaSeconds(pool, runSeconds, windowSeconds)
  return window / windowSeconds / (pool.spec.attentionRanks ?? 1)
}

/** How a pool's replicas came and went; nothing where all are there all the time. */
export function scalingFigures(
  pool: Pool,
  canBreak: boolean,
  runSeconds: number,
  windowSeconds: number,
): Pick<PoolFigures, 'autoscaling'> {
  const { autoscaler, spec } = pool
  if (autoscaler === undefined) return {}
  return {
    autoscaling: {
      replica_seconds:
        replicaSeconds(pool, runSeconds, windowSeconds).whole / (spec.attentionRanks ?? 1),
      mean_replicas: meanReplicas(pool, runSeconds, windowSeconds),
      peak_replicas: autoscaler.peakReplicas,
      scale_ups: autoscaler.scaleUps,
      scale_downs: autoscaler.scaleDowns,
      ...(canBreak ? { replacements: autoscaler.replacements } : {}),
    },
  }
}
