import type { SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in a quarter of the cases with replicas that come and go, where nothing breaks. */
export function withRandomScaling(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 5_000_011)
  if (spec.faults !== undefined || !random.chance(0.25)) return spec
  return {
    ...spec,
    pools: spec.pools.map((pool) => {
      const minReplicas = random.whole(1, pool.replicas)
      const signal = random.pick(['utilization', 'queue'] as const)
      return {
        ...pool,
        startUpSeconds: random.pick([0, 0.021]),
        autoscaling: {
          signal,
          target: signal === 'queue' ? random.pick([0.5, 3]) : random.pick([0.3, 0.83]),
          minReplicas,
          initialReplicas: random.whole(minReplicas, pool.replicas),
          intervalSeconds: random.pick([0.0317, 0.31]),
          cooldownSeconds: random.pick([0, 0.4]),
          provisioningSeconds: random.pick([0, 0.11]),
        },
      }
    }),
  }
}
