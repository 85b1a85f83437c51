import type { PoolFigures } from '@llmsim/contracts'
import { figureText, percentText } from '@llmsim/metrics'
import { barChart, barChartHeight, type BarPart } from '../bar-chart.js'
import type { MaybeChart } from '../chart.js'
import { lineChart, type Line } from '../line-chart.js'
import type { ReportedResult } from '../reported-result.js'
import { clockScale, largest } from '../scale.js'

const GIB = 2 ** 30

/** A bar of a chart: a pool of a result. */
interface PoolBar {
  readonly label: string
  readonly pool: PoolFigures
}

function poolBars(results: readonly ReportedResult[]): PoolBar[] {
  return results.flatMap(({ label, results: { pools } }) =>
    pools.map((pool) => ({ label: barLabel(results, label, pool.name, pools.length), pool })),
  )
}

/** What a bar is called: the result where there are several, the pool where a result has several. */
export function barLabel(
  results: readonly ReportedResult[],
  label: string,
  pool: string,
  pools: number,
): string {
  if (results.length === 1) return pools > 1 ? pool : 'devices'
  return pools > 1 ? `${label}: ${pool}` : label
}

/** How the time of the devices was spent. */
export function utilizationChart(results: readonly ReportedResult[]): MaybeChart {
  const bars = poolBars(results)
  const names = bars.map(({ label }) => label)
  const parts: BarPart[] = [
    {
      label: 'steps that prefill',
      color: 0,
      values: bars.map(({ pool }) => pool.prefill_utilization),
    },
    {
      label: 'steps that only decode',
      color: 1,
      values: bars.map(({ pool }) => pool.decode_utilization),
    },
    {
      label: 'idle',
      color: 'idle',
      values: bars.map(({ pool }) =>
        Math.max(0, 1 - pool.prefill_utilization - pool.decode_utilization),
      ),
    },
  ]
  return {
    name: 'utilization',
    title: 'Device time',
    description: `Shares of the measured window, over all devices: ${bars
      .map(({ label, pool }) => `${label} ${percentText(pool.utilization)} busy`)
      .join('; ')}.`,
    table: barTable('', names, parts, percentText),
    height: (width) => barChartHeight({ bars: names, parts }, width),
    option: (size) =>
      barChart(
        {
          bars: names,
          parts: parts.map((part) => ({ ...part, values: part.values.map((v) => (v ?? 0) * 100) })),
          x: { name: '% of the window', max: 100 },
          written: (value) => `${figureText(Math.round(value * 10) / 10)} %`,
        },
        size,
      ),
  }
}

/** What kind of steps ran when: the composition of the batches. */
export function batchComposition(results: readonly ReportedResult[]): MaybeChart[] {
  const name = 'batch-composition'
  const title = 'Batch composition'
  const known = results.flatMap(({ label, results: document }) =>
    document.time_series === undefined
      ? []
      : document.time_series.pools.map((pool) => ({
          label: barLabel(results, label, pool.name, document.pools.length),
          series: document.time_series!,
          pool,
        })),
  )
  if (known.length === 0) return [{ name, title, missing: 'Made without a time series.' }]
  return known.map(({ label, series, pool }, index): MaybeChart => {
    const clock = clockScale(series.end_s)
    const columns = [
      ['prefill', pool.prefill_utilization, 0],
      ['prefill and decode', pool.mixed_utilization, 2],
      ['decode', pool.decode_utilization, 1],
    ] as const
    const shown = columns.filter(([, values]) => largest(values) > 0)
    const lines = shown.map(([of, values, color]): Line => ({
      label: of,
      color,
      dash: 0,
      filled: true,
      points: values.map((value, i) => [(i + 0.5) * series.interval_s * clock.factor, value * 100]),
    }))
    const stride = Math.max(1, Math.ceil(pool.decode_utilization.length / 60))
    return {
      name: index === 0 ? name : `${name}-${index + 1}`,
      title: known.length > 1 ? `${title}: ${label}` : title,
      description: `Share of the time of the devices in steps that prefill, decode or do both; the rest is idle.`,
      table: {
        columns: [`From (${clock.unit})`, ...columns.map(([of]) => of)],
        rows: pool.decode_utilization.flatMap((_, i) =>
          i % stride === 0
            ? [
                [
                  figureText(Number((i * series.interval_s * clock.factor).toPrecision(6))),
                  ...columns.map(([, values]) => percentText(values[i])),
                ],
              ]
            : [],
        ),
        ...(stride === 1
          ? {}
          : { note: `Every ${stride}th of ${pool.decode_utilization.length} intervals.` }),
      },
      height: (width) => Math.round(Math.min(260, width * 0.6)),
      option: (size) =>
        lineChart(
          {
            lines,
            x: { name: clock.unit, min: 0, max: series.end_s * clock.factor, roundEnd: false },
            y: { name: '', min: 0, max: 100, step: 25, written: (value) => `${value} %` },
          },
          size,
        ),
    }
  })
}

/** What the memory of the fullest device is for. */
export function memoryChart(results: readonly ReportedResult[]): MaybeChart {
  const name = 'memory'
  const title = 'Device memory'
  const bars = results.flatMap(({ label, results: { memory_breakdown: breakdown = [] } }) =>
    breakdown.map((memory) => ({
      label: barLabel(results, label, memory.pool, breakdown.length),
      memory,
    })),
  )
  if (bars.length === 0) return { name, title, missing: 'Made without a breakdown of the memory.' }
  const names = bars.map(({ label }) => label)
  const uses = [...new Set(bars.flatMap(({ memory }) => memory.parts.map((part) => part.name)))]
  const parts = uses.map((part, index): BarPart => ({
    label: part,
    color: index,
    values: bars.map(({ memory }) => {
      const bytes = memory.parts.find((each) => each.name === part)?.bytes
      return bytes === undefined ? null : bytes / GIB
    }),
  }))
  return {
    name,
    title,
    description: `What the memory of the fullest device is set aside for: ${bars
      .map(
        ({ label, memory }) => `${label} ${figureText(Math.round(memory.device_bytes / GIB))} GiB`,
      )
      .join('; ')}.`,
    table: barTable('', names, parts, (value) => `${figureText(value)} GiB`),
    height: (width) => barChartHeight({ bars: names, parts }, width),
    option: (size) =>
      barChart(
        {
          bars: names,
          parts,
          x: { name: 'GiB' },
          written: (value) => figureText(Math.round(value * 10) / 10),
        },
        size,
      ),
  }
}

/** How evenly the replicas were used. */
export function replicaChart(results: readonly ReportedResult[]): MaybeChart {
  const name = 'replicas'
  const title = 'Load of the replicas'
  const bars = results.flatMap(({ label, results: { pools } }) =>
    pools.flatMap((pool) =>
      pool.per_replica.map((replica, index) => ({
        label: `${results.length > 1 ? `${label} ` : ''}${pools.length > 1 ? `${pool.name} ` : 'replica '}${index}`,
        replica,
      })),
    ),
  )
  if (results.every(({ results: { pools } }) => pools.every(({ replicas }) => replicas < 2)))
    return { name, title, missing: 'No pool has several replicas.' }
  if (bars.length > 64) return { name, title, missing: 'There are more than 64 replicas.' }
  const names = bars.map(({ label }) => label)
  const part: BarPart = {
    label: 'requests',
    color: 0,
    values: bars.map(({ replica }) => replica.requests),
  }
  const counts = bars.map(({ replica }) => replica.requests)
  return {
    name,
    title,
    description: `Requests routed to each replica: ${figureText(Math.min(...counts))} to ${figureText(Math.max(...counts))}.`,
    table: {
      columns: ['Replica', 'Requests', 'Busy', 'Most KV blocks', 'Preemptions'],
      rows: bars.map(({ label, replica }) => [
        label,
        figureText(replica.requests),
        percentText(replica.utilization),
        figureText(replica.peak_used_blocks),
        figureText(replica.preemptions),
      ]),
    },
    height: (width) => barChartHeight({ bars: names, parts: [part] }, width),
    option: (size) => barChart({ bars: names, parts: [part], x: { name: 'requests' } }, size),
  }
}

/** The parts of bars as a table. */
export function barTable(
  heading: string,
  bars: readonly string[],
  parts: readonly BarPart[],
  written: (value: number) => string,
): { columns: string[]; rows: string[][] } {
  return {
    columns: [heading, ...parts.map(({ label }) => label)],
    rows: bars.map((bar, index) => [
      bar,
      ...parts.map(({ values }) => {
        const value = values[index]
        return value === null || value === undefined ? '-' : written(value)
      }),
    ]),
  }
}
