import type { TimeSeries } from '@llmsim/contracts'
import { figure } from './figures.js'
import { sparkline } from './sparkline.js'
import { textTable } from './text-table.js'

/** Columns of a row of bars: beside its labels it fits a terminal of 80. */
const WIDTH = 48

/** Load and queues over the run as rows of bars. */
export function overTimeTable(series: TimeSeries): string {
  const sumOf = (of: (pool: TimeSeries['pools'][number]) => readonly number[]): number[] =>
    series.arrivals_per_sec.map((_, i) =>
      series.pools.reduce((sum, pool) => sum + (of(pool)[i] ?? 0), 0),
    )
  const row = (label: string, values: readonly number[], unit: string): string[] => [
    label,
    sparkline(values, WIDTH),
    `to ${figure(Math.max(0, ...values))}${unit}`,
  ]
  return textTable(
    [
      row('arrivals', series.arrivals_per_sec, '/s'),
      row(
        'in the queue',
        sumOf(({ waiting }) => waiting),
        '',
      ),
      row(
        'running',
        sumOf(({ running }) => running),
        '',
      ),
    ],
    { align: 'left' },
  )
}
