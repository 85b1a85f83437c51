import { SimulatorError, type ObjectivesSection, type PoolSpec } from '@llmsim/contracts'
import type { DeployedPool } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** How a pool's replicas come and go. Throws `SimulatorError` where the pool has not as many, or nothing to go by. */
export function autoscalingOf(
  scenario: ResolvedScenario,
  { name, role, path, replicas, autoscaling: given }: DeployedPool,
): Pick<PoolSpec, 'autoscaling'> {
  if (given === undefined) return {}
  const own = path === 'parallelism' ? '' : `${path}.`
  // As many as the fewest are what there are at first, where nobody says otherwise.
  for (const field of ['max_replicas', 'min_replicas', 'initial_replicas'] as const)
    if ((given[field] ?? 0) > replicas)
      throw refusal(
        `${own}autoscaling.${field}`,
        `the pool ${name} has room for ${replicas} replicas`,
        given[field],
        `at most ${replicas}`,
      )
  if (given.signal === 'slo') checkLimits(scenario, role, `${own}autoscaling.signal`)
  return {
    autoscaling: {
      signal: given.signal,
      target: given.target,
      minReplicas: given.min_replicas,
      ...(given.max_replicas === undefined ? {} : { maxReplicas: given.max_replicas }),
      initialReplicas: given.initial_replicas,
      intervalSeconds: given.interval_s,
      cooldownSeconds: given.cooldown_s,
      provisioningSeconds: given.provisioning_s,
      replaceAfterSeconds: given.replace_after_s,
      ...(given.window_s === undefined ? {} : { windowSeconds: given.window_s }),
      ...(given.scale_down_at === undefined ? {} : { scaleDownAt: given.scale_down_at }),
    },
  }
}

/** A pool that is scaled by limits of latencies needs some that it can do something about. */
function checkLimits(
  { slo, workload }: ResolvedScenario,
  role: PoolSpec['role'],
  path: string,
): void {
  const first = ['ttft_ms', 'ttft_percentiles_ms'] as const
  const later = ['tpot_ms', 'tpot_percentiles_ms', 'e2e_ms', 'e2e_percentiles_ms'] as const
  const fields = [...(role === 'decode' ? [] : first), ...(role === 'prefill' ? [] : later)]
  const sections: (ObjectivesSection | undefined)[] = [slo]
  for (const each of workload.classes ?? []) sections.push(each.slo)
  if (sections.some((section) => fields.some((field) => section?.[field] !== undefined))) return
  throw refusal(
    path,
    `there is no limit that the latency of a ${role} pool could be held to`,
    'slo',
    role === 'prefill' ? 'slo.ttft_ms' : role === 'decode' ? 'slo.tpot_ms' : 'a limit in slo',
  )
}

function refusal(path: string, message: string, given: unknown, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'CONFLICT', path, message, given, accepted })
}
