import type { Latency, SimulationResult, SimulationSpec } from '@llmsim/contracts'
import { recordMetrics, type RequestRecord } from '@llmsim/metrics'
import { simulate } from '@llmsim/simulator'
import type { MeasuredLog } from './measured-log.js'
import { StepBoundaries } from './step-boundaries.js'

/** Latencies that are compared. */
export const checkedLatencies = ['ttft', 'tpot', 'e2e'] as const
export type CheckedLatency = (typeof checkedLatencies)[number]

/** Statistics of a distribution that are compared. */
export const checkedStatistics = ['mean', 'p50', 'p90', 'p99'] as const
export type CheckedStatistic = (typeof checkedStatistics)[number]

export interface StatisticError {
  readonly statistic: CheckedStatistic
  readonly measured_ms: number
  readonly simulated_ms: number
  /** (simulated - measured) / measured. */
  readonly relative_error: number
}

/** One latency of a measured server against the simulated one. */
export interface LatencyCheck {
  readonly latency: CheckedLatency
  readonly statistics: readonly StatisticError[]
  /** Largest distance of the two cumulative distributions (Kolmogorov and Smirnov). */
  readonly ks_distance: number
}

const resultField = {
  ttft: 'first_token_latency',
  tpot: 'time_per_output_token',
  e2e: 'end_to_end_latency',
} as const satisfies Record<CheckedLatency, keyof SimulationResult>

/**
 * Replays a log and compares the distributions.
 *
 * The log's requests enter the queue of an engine, which looks at what has come between two steps. A simulated
 * one arrives in the middle of a step: its latencies count from the end of that step on.
 *
 * @param spec the simulation that replays the log; it is run once, with an observer of its own.
 */
export function checkLatencies(log: MeasuredLog, spec: SimulationSpec): LatencyCheck[] {
  const measured = recordMetrics(log)
  const finished: RequestRecord[] = []
  const boundaries = new StepBoundaries()
  simulate({
    ...spec,
    observer: {
      segmentExecuted: (segment) => {
        boundaries.add(segment)
      },
      requestFinished: (request) => {
        const { arrivalSeconds, startSeconds, firstTokenSeconds, finishSeconds } = request
        const { promptTokens, outputTokens } = request
        finished.push({
          ...{ arrivalSeconds, startSeconds, firstTokenSeconds, finishSeconds },
          ...{ promptTokens, outputTokens },
        })
      },
    },
  })
  const served = finished.map((record) => {
    const { arrivalSeconds, startSeconds = Infinity } = record
    const seen = Math.min(boundaries.next(arrivalSeconds), startSeconds)
    return { ...record, arrivalSeconds: seen }
  })
  const simulated = recordMetrics(served)
  return checkedLatencies.map((latency) => {
    // A request of one token meets any limit of the time between tokens.
    const values = served.map((record) => latencyOf(record, latency) ?? 0)
    return {
      latency,
      statistics: statisticErrors(measured[resultField[latency]], simulated[resultField[latency]]),
      ks_distance: ksDistance(
        log.flatMap((record) => latencyOf(record, latency) ?? []),
        (seconds) => values.filter((value) => value <= seconds).length / values.length,
      ),
    }
  })
}

function statisticErrors(measured: Latency, simulated: Latency): StatisticError[] {
  return checkedStatistics.map((statistic) => {
    const ours = simulated[statistic] ?? NaN
    const theirs = measured[statistic] ?? NaN
    return {
      statistic,
      measured_ms: 1000 * theirs,
      simulated_ms: 1000 * ours,
      relative_error: (ours - theirs) / theirs,
    }
  })
}

function latencyOf(record: RequestRecord, latency: CheckedLatency): number | undefined {
  const { arrivalSeconds, firstTokenSeconds, finishSeconds, outputTokens } = record
  switch (latency) {
    case 'ttft':
      return firstTokenSeconds - arrivalSeconds
    case 'e2e':
      return finishSeconds - arrivalSeconds
    case 'tpot':
      return outputTokens > 1 ? (finishSeconds - firstTokenSeconds) / (outputTokens - 1) : undefined
  }
}

/** Values of a sample that a distance looks at: more change it by less than half a percent. */
const LOOKS = 200

/**
 * Largest distance between a sample's cumulative distribution and another one. Between two values of
 * the sample its own is flat and the other grows, so the ends of each stretch suffice.
 */
export function ksDistance(
  sample: readonly number[],
  cumulative: (value: number) => number,
): number {
  const sorted = sample.toSorted((a, b) => a - b)
  const n = sorted.length
  const stride = Math.max(1, Math.ceil(n / LOOKS))
  let largest = 0
  for (let index = 0; index < n; index += stride) {
    const value = sorted[index]!
    const first = sorted.indexOf(value)
    const last = sorted.lastIndexOf(value)
    const below = cumulative(value * (1 - 1e-12))
    const at = cumulative(value)
    largest = Math.max(largest, Math.abs(first / n - below), Math.abs((last + 1) / n - at))
  }
  return largest
}
