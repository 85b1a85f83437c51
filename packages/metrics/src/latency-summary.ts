import type { Distribution, Latency } from '@llmsim/contracts'

/** A figure as the results file has it: null where nothing was measured. */
export function figure(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** The statistics that the results file gives of a latency, in seconds. */
export function summarizeLatency(values: Distribution): Latency {
  return {
    mean: figure(values.mean),
    std: figure(values.std),
    min: figure(values.min),
    p50: figure(values.quantile(0.5)),
    p90: figure(values.quantile(0.9)),
    p95: figure(values.quantile(0.95)),
    p99: figure(values.quantile(0.99)),
    p999: figure(values.quantile(0.999)),
    max: figure(values.max),
  }
}
