import type { AutoscalingSpec, PoolSpec, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in three of ten cases with replicas that come and go. */
export function withRandomScaling(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 7_000_003)
  if (!random.chance(0.3)) return spec
  return {
    ...spec,
    pools: spec.pools.map((pool) => ({
      ...pool,
      startUpSeconds: random.pick([0, 0.021]),
      autoscaling: randomScaling(random, pool),
    })),
  }
}

function randomScaling(random: RandomNumbers, { replicas }: PoolSpec): AutoscalingSpec {
  const maxReplicas = random.chance(0.7) ? replicas : random.whole(1, replicas)
  const minReplicas = random.whole(1, maxReplicas)
  const signal = random.pick(['utilization', 'queue', 'slo'] as const)
  return {
    signal,
    target: signal === 'queue' ? random.pick([0.5, 3]) : random.pick([0.3, 0.83]),
    minReplicas,
    ...(maxReplicas === replicas ? {} : { maxReplicas }),
    initialReplicas: random.whole(minReplicas, maxReplicas),
    intervalSeconds: random.pick([0.0317, 0.31]),
    cooldownSeconds: random.pick([0, 0.4]),
    provisioningSeconds: random.pick([0, 0.11]),
    ...(random.chance(0.8) ? { replaceAfterSeconds: random.pick([0, 0.07, 1, Infinity]) } : {}),
    ...(random.chance(0.5) ? { windowSeconds: random.pick([0.1, 0.9]) } : {}),
    ...(random.chance(0.5) ? { scaleDownAt: random.pick([0.2, 1]) } : {}),
  }
}
