import {
  MILLISECOND,
  type ObjectivesSection,
  type PercentileObjective,
  type ServiceObjectives,
} from '@llmsim/contracts'

const metrics = ['ttft', 'tpot', 'e2e'] as const

/** What a section of objectives says, as values. */
export function objectivesOf(slo: ObjectivesSection): ServiceObjectives {
  const percentiles = metrics.flatMap((metric): PercentileObjective[] =>
    Object.entries(slo[`${metric}_percentiles_ms`] ?? {}).map(([name, limit]) => ({
      metric,
      quantile: quantileOf(name),
      limitSeconds: limit * MILLISECOND,
    })),
  )
  return {
    ...(slo.ttft_ms === undefined ? {} : { ttftSeconds: slo.ttft_ms * MILLISECOND }),
    ...(slo.tpot_ms === undefined ? {} : { tpotSeconds: slo.tpot_ms * MILLISECOND }),
    ...(slo.e2e_ms === undefined ? {} : { e2eSeconds: slo.e2e_ms * MILLISECOND }),
    ...(percentiles.length === 0 ? {} : { percentiles }),
  }
}

/** The share that a name such as `p50` or `p999` stands for: the digits after a decimal point. */
export function quantileOf(name: string): number {
  return Number(`0.${name.slice(1)}`)
}
