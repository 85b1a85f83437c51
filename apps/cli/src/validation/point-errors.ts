import { isSimulatorError, type SimulationResult, type SimulationSpec } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import type { Registries } from '../registries.js'
import { metrics, type MeasuredPoint, type Metric } from './measured-point.js'
import { pointScenario, type ValidatedCostModel } from './point-scenario.js'

/** One metric of one measurement against its simulation. */
export interface PointError {
  readonly id: string
  readonly metric: Metric
  readonly measured: number
  readonly simulated: number
  /** (simulated - measured) / measured. */
  readonly relative_error: number
  /** In the simulation requests wait more than they compute until their first token. */
  readonly saturated: boolean
}

/** A measurement, or one metric of it, that cannot be expressed. */
export interface SkippedPoint {
  readonly id: string
  readonly metric?: Metric
  readonly reason: string
}

export interface PointOutcome {
  readonly rows: readonly PointError[]
  readonly skipped: readonly SkippedPoint[]
}

/** Simulates a measurement as it was taken; what cannot be is named, never thrown. */
export function pointErrors(
  point: MeasuredPoint,
  costModel: ValidatedCostModel,
  registries: Registries,
): PointOutcome {
  const { id } = point
  if (hasPools(point)) return { rows: [], skipped: [{ id, reason: POOLS }] }
  const skipped: SkippedPoint[] = []
  const wanted = metrics.filter((metric) => {
    if (point[metric] === undefined) return false
    const reason = inexpressible(point, metric)
    if (reason !== undefined) skipped.push({ id, metric, reason })
    return reason === undefined
  })
  if (wanted.length === 0) {
    if (skipped.length === 0) skipped.push({ id, reason: 'states no metric' })
    return { rows: [], skipped }
  }
  try {
    const { spec, firstChunkTokens } = pointScenario(point, costModel, registries)
    const result = simulate(spec)
    const { rejected_requests: rejected } = result
    if (rejected > 0)
      return { rows: [], skipped: [{ id, reason: 'a request can never fit into the KV cache' }] }
    const saturated = isSaturated(result, spec, point)
    const rows = wanted.map((metric): PointError => {
      const measured = point[metric] ?? NaN
      const simulated = simulatedFigure(metric, result, point, firstChunkTokens)
      const relative_error = (simulated - measured) / measured
      return { id, metric, measured, simulated, relative_error, saturated }
    })
    return { rows, skipped }
  } catch (error) {
    return { rows: [], skipped: [{ id, reason: reasonOf(error) }] }
  }
}

const POOLS = 'disaggregated: prefill and decode pools are not read from a measurement'

function hasPools(point: MeasuredPoint): boolean {
  const { prefill_tp, decode_tp, prefill_workers, decode_workers } = point
  return [prefill_tp, decode_tp, prefill_workers, decode_workers].some((cell) => cell !== undefined)
}

function inexpressible(point: MeasuredPoint, metric: Metric): string | undefined {
  if (metric.startsWith('ttft') && point.notes.includes('use tpot only'))
    return 'ttft: the source does not say how requests were sent (its notes: use tpot only)'
  return undefined
}

function reasonOf(error: unknown): string {
  if (isSimulatorError(error)) return error.message
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
}

/** The figure of a result that a column names, in the column's unit. */
function simulatedFigure(
  metric: Metric,
  result: SimulationResult,
  point: MeasuredPoint,
  firstChunkTokens: number,
): number {
  const { throughput, first_token_latency, time_per_output_token, end_to_end_latency } = result
  // What a client takes for the first token may come with a later one.
  const late = (firstChunkTokens - 1) * (time_per_output_token.mean ?? 0)
  const gaps = Math.max(1, (point.output_len ?? 1) - 1)
  // A static batch is timed as a whole: its first tokens are there when the last prompt is done.
  const whole = point.scenario === 'static'
  switch (metric) {
    case 'output_tokens_per_s':
      return throughput.tokens_per_sec
    case 'total_tokens_per_s':
      return throughput.total_tokens_per_sec
    case 'requests_per_s':
      return throughput.requests_per_sec
    case 'ttft_ms_mean':
      return whole ? ms(first_token_latency.max) : ms(first_token_latency.mean) + 1000 * late
    case 'ttft_ms_p99':
      return ms(first_token_latency.p99)
    case 'tpot_ms_mean': {
      const steps = Math.round(point.output_len ?? 1) - 1
      if (whole && steps > 0)
        return (ms(end_to_end_latency.max) - ms(first_token_latency.max)) / steps
      return ms(time_per_output_token.mean) - (1000 * late) / gaps
    }
    case 'tpot_ms_p99':
      return ms(time_per_output_token.p99)
    case 'e2e_ms_mean':
      return ms(whole ? end_to_end_latency.max : end_to_end_latency.mean)
  }
}

/** Whether the usual request waits longer than it is worked on; what the front end does for it is work. */
function isSaturated(
  { queue_time, first_token_latency }: SimulationResult,
  { requestOverheadSeconds: held = 0, requestSerialSeconds: serial }: SimulationSpec,
  { input_len: promptTokens = 0 }: MeasuredPoint,
): boolean {
  const handled = (serial?.perRequest ?? 0) + (serial?.perPromptToken ?? 0) * promptTokens
  return (queue_time.p50 ?? 0) - held - handled > 0.5 * (first_token_latency.p50 ?? 0)
}

function ms(seconds: number | null): number {
  return seconds === null ? NaN : seconds * 1000
}
