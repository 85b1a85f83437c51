import type { AutoscalingSection, Scenario } from '@llmsim/contracts'
import { conflict } from './conflict.js'

/** Autoscaling with its defaults filled in. */
export interface ResolvedAutoscaling extends AutoscalingSection {
  readonly signal: 'utilization' | 'queue'
  readonly target: number
  readonly min_replicas: number
  readonly initial_replicas: number
  readonly interval_s: number
  readonly cooldown_s: number
  readonly provisioning_s: number
}

/** Fills in defaults and checks what goes together. Throws `SimulatorError`. */
export function resolveAutoscaling({ autoscaling: given, faults }: Scenario): {
  autoscaling?: ResolvedAutoscaling
} {
  if (given === undefined) return {}
  if (faults !== undefined)
    throw conflict('autoscaling', 'does not go with faults', 'one of the two sections')
  const { signal = 'utilization', min_replicas = 1 } = given
  const target = given.target ?? (signal === 'utilization' ? 0.7 : 4)
  if (signal === 'utilization' && target > 1)
    throw conflict('autoscaling.target', 'is more than a whole', 'a share of at most 1')
  const initial = given.initial_replicas ?? min_replicas
  if (initial < min_replicas)
    throw conflict('autoscaling.initial_replicas', 'are fewer than the fewest', 'as many at least')
  return {
    autoscaling: {
      ...given,
      signal,
      target,
      min_replicas,
      initial_replicas: initial,
      interval_s: given.interval_s ?? 10,
      cooldown_s: given.cooldown_s ?? 60,
      provisioning_s: given.provisioning_s ?? 60,
    },
  }
}
