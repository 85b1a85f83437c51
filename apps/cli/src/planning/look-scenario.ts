import { assign, isPlainObject, type PlainObject } from '../scenario/assignments.js'
import type { SloTarget } from '../slo-target.js'

/** The base with the objectives of each request, from which goodput is counted. */
export function withObjectives(base: PlainObject, targets: readonly SloTarget[]): PlainObject {
  if (targets.length === 0) return base
  const slo = Object.fromEntries(
    targets.map(({ latency, seconds }) => [`${latency}_ms`, milliseconds(seconds)]),
  )
  return { ...base, slo: { ...(isPlainObject(base.slo) ? base.slo : {}), ...slo } }
}

/** Without what rounding puts behind the last digit. */
export function milliseconds(seconds: number): number {
  return Number((seconds * 1e3).toPrecision(12))
}

/** A scenario of as many requests (or seconds) as a round looks at. */
export function underHorizon(
  base: PlainObject,
  horizons: readonly number[],
  round: number,
): PlainObject {
  const scenario = structuredClone(base)
  const seconds = base.simulation_duration_s
  const workload = isPlainObject(base.workload) ? base.workload : {}
  if (typeof seconds === 'number' && workload.num_requests === undefined) {
    const share = (horizons[round] ?? 1) / (horizons.at(-1) ?? 1)
    assign(scenario, { field: 'simulation_duration_s', value: seconds * share, source: '' })
    if (typeof base.warm_up_duration_s === 'number')
      assign(scenario, {
        field: 'warm_up_duration_s',
        value: base.warm_up_duration_s * share,
        source: '',
      })
    return scenario
  }
  assign(scenario, { field: 'workload.num_requests', value: horizons[round], source: '' })
  return scenario
}
