import { SimulatorError, type PoolSpec } from '@llmsim/contracts'
import type { DeployedPool } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** How a pool's replicas come and go. Throws `SimulatorError` where the pool has not as many. */
export function autoscalingOf(
  { autoscaling: given }: ResolvedScenario,
  { name, replicas }: DeployedPool,
): Pick<PoolSpec, 'autoscaling'> {
  if (given === undefined) return {}
  if (given.initial_replicas > replicas)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'autoscaling.initial_replicas',
      message: `the pool ${name} has room for ${replicas} replicas`,
      given: given.initial_replicas,
      accepted: `at most ${replicas}`,
    })
  return {
    autoscaling: {
      signal: given.signal,
      target: given.target,
      minReplicas: given.min_replicas,
      initialReplicas: given.initial_replicas,
      intervalSeconds: given.interval_s,
      cooldownSeconds: given.cooldown_s,
      provisioningSeconds: given.provisioning_s,
    },
  }
}
