import type { SimulationResult } from '@llmsim/contracts'
import { count, figure, percent } from './figures.js'

/** How replicas came and went, pool by pool, and what broke; nothing where neither could happen. */
export function fleetRows({ pools, faults }: SimulationResult): string[][] {
  const scaled = pools.flatMap(({ name, autoscaling: of }): string[][] => {
    if (of === undefined) return []
    const pool = pools.length > 1 ? `${name}: ` : ''
    const numbers = `${figure(of.mean_replicas)} on average, ${count(of.peak_replicas)} at most`
    const changes = [
      `${count(of.scale_ups)} added`,
      `${count(of.scale_downs)} taken away`,
      ...((of.replacements ?? 0) > 0 ? [`${count(of.replacements ?? 0)} replaced`] : []),
    ]
    return [['Replicas', `${pool}${numbers}; ${changes.join(', ')}`]]
  })
  if (faults === undefined) return scaled
  const { replica_faults: broken, availability } = faults
  const up = `replicas were up ${percent(availability)} of the time`
  return [...scaled, ['Faults', `${count(broken)} of replicas; ${up}`]]
}
