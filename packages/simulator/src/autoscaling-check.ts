import type { AutoscalingSpec, PoolSpec, SimulationSpec } from '@llmsim/contracts'
import { criteriaOf, metricsOf } from './objective-signal.js'
import { positive, refuse, whole } from './specification-refusal.js'

/** Refuses a way in which no pool can be scaled. Errors: `INVALID_VALUE` and `CONFLICT` with the field. */
export function checkAutoscaling(
  scaling: AutoscalingSpec,
  { replicas, role }: PoolSpec,
  path: string,
  spec: SimulationSpec,
): void {
  const { signal, target, minReplicas, initialReplicas, maxReplicas = replicas } = scaling
  positive(`${path}.target`, target)
  if (signal !== 'queue' && target > 1) refuse(`${path}.target`, target, 'a share of at most 1')
  whole(`${path}.minReplicas`, minReplicas)
  whole(`${path}.initialReplicas`, initialReplicas)
  whole(`${path}.maxReplicas`, maxReplicas)
  if (maxReplicas > replicas)
    refuse(`${path}.maxReplicas`, maxReplicas, `at most ${replicas}`, 'CONFLICT')
  if (!(minReplicas <= initialReplicas && initialReplicas <= maxReplicas))
    refuse(
      `${path}.initialReplicas`,
      initialReplicas,
      `from ${minReplicas} to ${maxReplicas}`,
      'CONFLICT',
    )
  positive(`${path}.intervalSeconds`, scaling.intervalSeconds)
  for (const field of ['cooldownSeconds', 'provisioningSeconds'] as const)
    if (!(scaling[field] >= 0)) refuse(`${path}.${field}`, scaling[field], 'seconds from 0 on')
  const { replaceAfterSeconds = 0, windowSeconds = 1, scaleDownAt = 1 } = scaling
  if (!(replaceAfterSeconds >= 0))
    refuse(`${path}.replaceAfterSeconds`, replaceAfterSeconds, 'seconds from 0 on')
  positive(`${path}.windowSeconds`, windowSeconds)
  if (!(scaleDownAt > 0 && scaleDownAt <= 1))
    refuse(`${path}.scaleDownAt`, scaleDownAt, 'a share above 0 and up to 1')
  if (signal === 'slo' && criteriaOf(spec, role, target).length === 0)
    refuse(
      `${path}.signal`,
      signal,
      `objectives of a ${role} pool: ${metricsOf(role).join(' or ')}`,
      'CONFLICT',
    )
}
