import type { AutoscalingSection, Scenario } from '@llmsim/contracts'
import { conflict } from './conflict.js'

/** Autoscaling with its defaults filled in. */
export interface ResolvedAutoscaling extends AutoscalingSection {
  readonly signal: 'utilization' | 'queue' | 'slo'
  readonly target: number
  readonly min_replicas: number
  readonly initial_replicas: number
  readonly interval_s: number
  readonly cooldown_s: number
  readonly provisioning_s: number
  readonly replace_after_s: number
}

const targets = { utilization: 0.7, queue: 4, slo: 0.9 } as const

/** Fills in defaults and checks what goes together. Throws `SimulatorError`. */
export function resolveAutoscaling({ autoscaling: given, faults }: Scenario): {
  autoscaling?: ResolvedAutoscaling
} {
  if (given === undefined) return {}
  const { start_up_s: start = faults?.start_up_s } = given
  if (start !== (faults?.start_up_s ?? start))
    throw conflict(
      'autoscaling.start_up_s',
      'is another time than faults.start_up_s, in which the same weights are loaded',
      'one of the two',
      start,
    )
  return { autoscaling: resolved(given, 'autoscaling') }
}

/** The common section with what a pool says otherwise. Throws `SimulatorError`. */
export function poolAutoscaling(
  common: ResolvedAutoscaling | undefined,
  own: AutoscalingSection | undefined,
  path: string,
): { autoscaling?: ResolvedAutoscaling } {
  if (own === undefined) return common === undefined ? {} : { autoscaling: common }
  // What is meant for another signal, or follows from another number, is none of the pool's.
  const { signal, target, window_s, scale_down_at, initial_replicas, ...rest } = common ?? {}
  const same = signal !== undefined && (own.signal ?? signal) === signal
  return {
    autoscaling: resolved(
      {
        ...rest,
        ...(same ? { signal, target } : {}),
        ...(same && window_s !== undefined ? { window_s } : {}),
        ...(same && scale_down_at !== undefined ? { scale_down_at } : {}),
        ...(own.min_replicas === undefined && initial_replicas !== undefined
          ? { initial_replicas }
          : {}),
        ...own,
      },
      `${path}.autoscaling`,
    ),
  }
}

function resolved(given: AutoscalingSection, path: string): ResolvedAutoscaling {
  const { signal = 'utilization', min_replicas = 1, max_replicas } = given
  const target = given.target ?? targets[signal]
  if (signal !== 'queue' && target > 1)
    throw conflict(`${path}.target`, 'is more than a whole', 'a share of at most 1', target)
  if (max_replicas !== undefined && max_replicas < min_replicas)
    throw conflict(
      `${path}.max_replicas`,
      'are fewer than the fewest',
      `at least ${min_replicas}`,
      max_replicas,
    )
  const initial = given.initial_replicas ?? min_replicas
  if (initial < min_replicas)
    throw conflict(`${path}.initial_replicas`, 'are fewer than the fewest', 'as many at least')
  if (max_replicas !== undefined && initial > max_replicas)
    throw conflict(`${path}.initial_replicas`, 'are more than the most', 'as many at most')
  for (const field of ['window_s', 'scale_down_at'] as const)
    if (signal !== 'slo' && given[field] !== undefined)
      throw conflict(`${path}.${field}`, `says nothing of a ${signal}`, 'signal: slo')
  const filled = {
    signal,
    target,
    min_replicas,
    initial_replicas: initial,
    interval_s: given.interval_s ?? 10,
    cooldown_s: given.cooldown_s ?? 60,
    provisioning_s: given.provisioning_s ?? 60,
    replace_after_s: given.replace_after_s ?? 300,
    ...(signal === 'slo'
      ? { window_s: given.window_s ?? 60, scale_down_at: given.scale_down_at ?? 0.8 }
      : {}),
  }
  // What has a default first: one order, however much was given, since results are compared byte by byte.
  return { ...filled, ...given, ...filled }
}
