import { SimulatorError, type Latency, type SimulationResult } from '@llmsim/contracts'
import { objectiveText } from './scenario/objective-text.js'

/** A latency that has an objective. */
export type SloLatency = 'ttft' | 'tpot' | 'e2e'

/** Quantiles (and the like) of which there can be an objective. */
const quantiles = ['mean', 'p50', 'p90', 'p95', 'p99', 'max'] as const
type SloQuantile = (typeof quantiles)[number]

/** An objective for a figure of a run: `--slo-ttft p99=1s`. */
export interface SloTarget {
  readonly latency: SloLatency
  readonly quantile: SloQuantile
  readonly seconds: number
}

const fields = {
  ttft: 'first_token_latency',
  tpot: 'time_per_output_token',
  e2e: 'end_to_end_latency',
} as const satisfies Record<SloLatency, keyof SimulationResult>

/**
 * What `--slo-ttft p99=1s` says: a quantile (p99 when absent) and a time (milliseconds without a unit).
 * Throws `SimulatorError` at the flag.
 */
export function sloTarget(latency: SloLatency, text: string): SloTarget {
  const flag = `--slo-${latency}`
  const { quantile: name = 'p99', milliseconds } = objectiveText(text)
  const quantile = quantiles.find((one) => one === name.toLowerCase())
  const seconds = milliseconds / 1e3
  if (quantile !== undefined && seconds > 0) return { latency, quantile, seconds }
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is no objective',
    given: text,
    accepted: `a quantile and a time, such as p99=1s or p95=50ms; quantiles: ${quantiles.join(', ')}`,
  })
}

/** The figure of a run that a target is about, in seconds; null where nothing was measured. */
export function sloFigure(
  result: SimulationResult,
  { latency, quantile }: SloTarget,
): number | null {
  const figures: Latency = result[fields[latency]]
  return figures[quantile]
}

/** Share of requests that may be lost before objectives count as missed. */
export const mostLost = 0.01

/** How a run stands to its objectives. */
export interface SloVerdict {
  readonly met: boolean
  /** The largest figure as a multiple of its limit; Infinity where requests were lost. */
  readonly worst: number
  /** What is worst, in words: `TTFT p99 1.2 of its limit`. */
  readonly reason: string
}

/** Whether a run met every target, and lost next to no request. */
export function sloVerdict(result: SimulationResult, targets: readonly SloTarget[]): SloVerdict {
  return lossVerdict(result) ?? limitVerdict(targets, (target) => sloFigure(result, target))
}

/** Whether the means of several runs met every target, and none lost more than next to no request. */
export function meanSloVerdict(
  results: readonly SimulationResult[],
  targets: readonly SloTarget[],
): SloVerdict {
  for (const result of results) {
    const lost = lossVerdict(result)
    if (lost !== undefined) return lost
  }
  return limitVerdict(targets, (target) => {
    const sum = results.reduce((total, result) => total + (sloFigure(result, target) ?? 0), 0)
    return sum / results.length
  })
}

/** Undefined where next to no request was lost. */
function lossVerdict(result: SimulationResult): SloVerdict | undefined {
  const lost = result.rejected_requests + result.unfinished_requests
  if (result.completed_requests > 0 && lost <= mostLost * result.total_requests) return undefined
  return {
    met: false,
    worst: Infinity,
    reason: `${lost} of ${result.total_requests} requests lost`,
  }
}

function limitVerdict(
  targets: readonly SloTarget[],
  figureOf: (target: SloTarget) => number | null,
): SloVerdict {
  let worst = 0
  let reason = 'every objective met'
  for (const target of targets) {
    const ratio = (figureOf(target) ?? 0) / target.seconds
    if (ratio <= worst) continue
    worst = ratio
    reason = `${target.latency.toUpperCase()} ${target.quantile} is ${ratio.toFixed(2)} of its limit`
  }
  return { met: worst <= 1, worst, reason }
}

/** `TTFT p99 <= 1 s`. */
export function sloText({ latency, quantile, seconds }: SloTarget): string {
  const time = seconds >= 1 ? `${seconds} s` : `${Number((seconds * 1e3).toPrecision(6))} ms`
  return `${latency.toUpperCase()} ${quantile} <= ${time}`
}

/** Targets among the options of a command, and the options without them. */
export function sloTargets<T extends Readonly<Record<string, unknown>>>(
  options: T,
): { readonly targets: SloTarget[]; readonly rest: T } {
  const rest: Record<string, unknown> = { ...options }
  const targets: SloTarget[] = []
  for (const latency of ['ttft', 'tpot', 'e2e'] as const) {
    const name = `slo${latency[0]?.toUpperCase()}${latency.slice(1)}`
    const given = rest[name]
    if (typeof given !== 'string') continue
    for (const part of given.split(',')) targets.push(sloTarget(latency, part))
    Reflect.deleteProperty(rest, name)
  }
  return { targets, rest: rest as T }
}

/** Objectives that a scenario has for each request, as targets for 99 of 100 of them. */
export function scenarioTargets(slo: unknown): SloTarget[] {
  if (typeof slo !== 'object' || slo === null) return []
  const limits = slo as Readonly<Record<string, unknown>>
  return (['ttft', 'tpot', 'e2e'] as const).flatMap((latency) => {
    const milliseconds = limits[`${latency}_ms`]
    return typeof milliseconds === 'number'
      ? [{ latency, quantile: 'p99' as const, seconds: milliseconds / 1e3 }]
      : []
  })
}
