import type { ResultsDocument } from '@llmsim/contracts'
import { figureText, percentText } from '@llmsim/metrics'
import { barChart, barChartHeight, type BarPart } from '../bar-chart.js'
import type { MaybeChart } from '../chart.js'
import type { ReportedResult } from '../reported-result.js'
import { barLabel, barTable } from './device-charts.js'

type Split = NonNullable<ResultsDocument['utilization']>

const kinds: readonly (readonly [key: keyof Split, label: string, color: BarPart['color']])[] = [
  ['compute', 'compute', 0],
  ['memory', 'memory', 1],
  ['communication', 'communication', 2],
  ['overhead', 'overhead', 3],
  ['bubble', 'bubble', 4],
  ['idle', 'idle', 'idle'],
]

/** What bounds the time of the devices: arithmetic, memory, links, launches; and what of it is lost. */
export function timeSplitChart(results: readonly ReportedResult[]): MaybeChart {
  const name = 'time-split'
  const title = 'What the time goes to'
  const bars = results.flatMap(({ label, results: { pools } }) =>
    pools.flatMap((pool) =>
      pool.split === undefined
        ? []
        : [{ label: barLabel(results, label, pool.name, pools.length), split: pool.split, pool }],
    ),
  )
  if (bars.length === 0)
    return { name, title, missing: 'Made with a cost model that takes no steps apart.' }
  const names = bars.map(({ label }) => label)
  const parts = kinds
    .map(([key, label, color]): BarPart => ({
      label,
      color,
      values: bars.map(({ split }) => split[key]),
    }))
    .filter(({ values }) => values.some((value) => value !== null && value > 0.0005))
  const utilization = bars.map(
    ({ label, pool: { mfu, mbu } }) =>
      `${bars.length > 1 ? `${label}: ` : ''}MFU ${percentText(mfu)}, MBU ${percentText(mbu)}`,
  )
  return {
    name,
    title,
    description: `Shares of the measured window in operators that the arithmetic, the memory or the links bound, and in none. ${utilization.join('; ')}.`,
    table: barTable('', names, parts, percentText),
    height: (width) => barChartHeight({ bars: names, parts }, width),
    option: (size) =>
      barChart(
        {
          bars: names,
          parts: parts.map((part) => ({
            ...part,
            values: part.values.map((value) => (value ?? 0) * 100),
          })),
          x: { name: '% of the window', max: 100 },
          written: (value) => `${figureText(Math.round(value * 10) / 10)} %`,
        },
        size,
      ),
  }
}
