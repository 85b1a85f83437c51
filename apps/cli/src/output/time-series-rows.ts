import type { TimeSeries } from '@llmsim/contracts'
import type { TableColumn } from './table.js'

type Values = readonly (number | null)[]

/** The columns of a time series as a table whose rows are the numbers of its intervals. */
export function timeSeriesColumns(series: TimeSeries): TableColumn<number>[] {
  const column = (name: string, values: Values): TableColumn<number> => ({
    name,
    type: 'number',
    of: (interval) => values[interval] ?? null,
  })
  const { interval_s, end_s, pools, first_token_latency, inter_token_latency, ...rates } = series
  const several = pools.length > 1
  return [
    { name: 'start_s', type: 'number', of: (interval) => interval * interval_s },
    {
      name: 'end_s',
      type: 'number',
      of: (interval) => Math.min(end_s, (interval + 1) * interval_s),
    },
    ...Object.entries(rates).map(([name, values]) => column(name, values)),
    ...Object.entries(first_token_latency).map(([name, values]) =>
      column(`ttft_${name}_s`, values),
    ),
    ...Object.entries(inter_token_latency).map(([name, values]) => column(`itl_${name}_s`, values)),
    ...pools.flatMap(({ name: pool, ...columns }) =>
      Object.entries(columns).map(([name, values]) =>
        column(several ? `${pool}_${name}` : name, values),
      ),
    ),
  ]
}
