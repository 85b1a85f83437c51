import type { Replications } from '@llmsim/contracts'
import { duration, figure, percent } from './figures.js'
import { textTable } from './text-table.js'

type Written = (value: number) => string

const rows: readonly (readonly [label: string, path: string, written: Written])[] = [
  ['output tokens/s', 'throughput.tokens_per_sec', figure],
  ['requests/s', 'throughput.requests_per_sec', figure],
  ['TTFT mean', 'first_token_latency.mean', duration],
  ['TTFT p99', 'first_token_latency.p99', duration],
  ['TPOT mean', 'time_per_output_token.mean', duration],
  ['E2E mean', 'end_to_end_latency.mean', duration],
  ['E2E p99', 'end_to_end_latency.p99', duration],
  ['utilisation', 'xpu_utilization', percent],
  ['goodput', 'goodput.requests_per_sec', figure],
]

/** Means over seeds, with their intervals. */
export function replicationTable({ figures, confidence_level: level }: Replications): string {
  const known = rows.flatMap(([label, path, written]) => {
    const { mean, half_width: half } = figures[path] ?? { mean: null, half_width: null }
    if (mean === null) return []
    return [[label, written(mean), half === null ? '-' : `± ${written(half)}`]]
  })
  return textTable([['', 'mean', `${(level * 100).toFixed(0)} % interval`], ...known])
}
