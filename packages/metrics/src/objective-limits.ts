import type { Distribution, ObjectiveFigures, ServiceObjectives } from '@llmsim/contracts'
import { figure } from './latency-summary.js'

/** Limits as numbers to compare with: infinite where there is none. */
export class ObjectiveLimits {
  readonly ttft: number
  readonly tpot: number
  readonly e2e: number

  constructor(objectives: ServiceObjectives | undefined) {
    this.ttft = objectives?.ttftSeconds ?? Infinity
    this.tpot = objectives?.tpotSeconds ?? Infinity
    this.e2e = objectives?.e2eSeconds ?? Infinity
  }

  /** Whether there is a limit that single requests meet or miss. */
  get some(): boolean {
    return this.ttft < Infinity || this.tpot < Infinity || this.e2e < Infinity
  }
}

/** What was measured of the latencies that objectives are about. */
export interface MeasuredObjectives {
  readonly ttft: Distribution
  readonly tpot: Distribution
  readonly e2e: Distribution
  /** Requests that met their limit. */
  readonly metTtft: number
  readonly metTpot: number
  readonly metE2e: number
}

/** How each objective was met, limits of single requests first. */
export function objectiveFigures(
  objectives: ServiceObjectives,
  measured: MeasuredObjectives,
): ObjectiveFigures[] {
  const { ttftSeconds, tpotSeconds, e2eSeconds, percentiles = [] } = objectives
  const limit = (
    metric: ObjectiveFigures['metric'],
    seconds: number | undefined,
    met: number,
  ): ObjectiveFigures[] => {
    const { count } = measured[metric]
    return seconds === undefined
      ? []
      : [
          {
            metric,
            quantile: null,
            limit_s: seconds,
            value_s: null,
            attainment: figure(met / count),
            met: count === 0 ? null : met === count,
          },
        ]
  }
  return [
    ...limit('ttft', ttftSeconds, measured.metTtft),
    ...limit('tpot', tpotSeconds, measured.metTpot),
    ...limit('e2e', e2eSeconds, measured.metE2e),
    ...percentiles.map(({ metric, quantile, limitSeconds }): ObjectiveFigures => {
      const value = measured[metric].quantile(quantile)
      return {
        metric,
        quantile,
        limit_s: limitSeconds,
        value_s: figure(value),
        attainment: null,
        met: Number.isNaN(value) ? null : value <= limitSeconds,
      }
    }),
  ]
}
