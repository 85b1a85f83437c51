import type { PoolSeries, TimeSeries } from '@llmsim/contracts'
import { durationText, figureText } from '@llmsim/metrics'
import type { MaybeChart } from '../chart.js'
import { lineChart, type Band, type Line } from '../line-chart.js'
import type { ReportedResult } from '../reported-result.js'
import { clockScale, countScale, durationScale, largest, type Scale } from '../scale.js'

/** One column of a time series, under a name. */
interface Column {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** Broken like this; as its colour says when absent. */
  readonly dash?: number
}

interface Subject {
  readonly name: string
  readonly title: string
  readonly meaning: string
  readonly kind: 'duration' | 'share' | 'count'
  /** What is counted, on the axis. */
  readonly of: string
  /** Whether the columns are pools, not several figures of one thing. */
  readonly ofPools?: boolean
  /** The first column is the one that the description speaks of. */
  columns(series: TimeSeries): readonly Column[]
}

/** A column of every pool: named where there is more than one. */
const ofPools =
  (label: string, pick: (pool: PoolSeries) => readonly (number | null)[]) =>
  ({ pools }: TimeSeries): Column[] =>
    pools.map((pool, index) => ({
      label: pools.length > 1 ? `${pool.name} ${label}`.trim() : label,
      values: pick(pool),
      dash: index,
    }))

const subjects: readonly Subject[] = [
  {
    name: 'ttft-over-time',
    title: 'TTFT over time',
    meaning: 'Time to first token of the requests that arrived in each interval',
    kind: 'duration',
    of: '',
    columns: ({ first_token_latency: latency }) => [
      { label: '99th percentile', values: latency.p99, dash: 1 },
      { label: 'median', values: latency.p50, dash: 0 },
    ],
  },
  {
    name: 'itl-over-time',
    title: 'ITL over time',
    meaning: 'Gaps between tokens that ended in each interval',
    kind: 'duration',
    of: '',
    columns: ({ inter_token_latency: latency }) => [
      { label: '99th percentile', values: latency.p99, dash: 1 },
      { label: 'median', values: latency.p50, dash: 0 },
    ],
  },
  {
    name: 'requests-over-time',
    title: 'Arrivals and completions',
    meaning: 'Requests per second that came in and that were done',
    kind: 'count',
    of: 'requests/s',
    columns: (series) => [
      { label: 'completions', values: series.completions_per_sec, dash: 0 },
      { label: 'arrivals', values: series.arrivals_per_sec, dash: 1 },
    ],
  },
  {
    name: 'tokens-over-time',
    title: 'Output tokens',
    meaning: 'Output tokens generated per second',
    kind: 'count',
    of: 'tokens/s',
    columns: (series) => [{ label: 'output tokens', values: series.output_tokens_per_sec }],
  },
  {
    name: 'queue-depth',
    title: 'Queue depth',
    meaning: 'Requests that wait, over all replicas, on average over each interval',
    kind: 'count',
    of: 'requests',
    ofPools: true,
    columns: ofPools('waiting', ({ waiting }) => waiting),
  },
  {
    name: 'running-requests',
    title: 'Running requests',
    meaning: 'Admitted requests, over all replicas',
    kind: 'count',
    of: 'requests',
    ofPools: true,
    columns: ofPools('running', ({ running }) => running),
  },
  {
    name: 'kv-use',
    title: 'KV cache use',
    meaning: 'Share of the KV blocks in use',
    kind: 'share',
    of: '% of KV blocks',
    ofPools: true,
    columns: ofPools('KV blocks in use', ({ kv_utilization }) => kv_utilization),
  },
  {
    name: 'batch-size',
    title: 'Decode batch',
    meaning: 'Requests that decode in a step, on average over the steps that decode',
    kind: 'count',
    of: 'requests per step',
    ofPools: true,
    columns: ofPools('decoding', ({ decode_batch }) => decode_batch),
  },
]

const noSeries = 'Made without a time series.'

/** What happened when: latencies, load, queues, memory and batches over the time of the run. */
export function chartsOverTime(results: readonly ReportedResult[]): MaybeChart[] {
  return subjects.map((subject) => chartOverTime(subject, results))
}

function chartOverTime(subject: Subject, results: readonly ReportedResult[]): MaybeChart {
  const { name, title, meaning, kind, of } = subject
  const several = results.length > 1
  const known = results.flatMap(({ label, results: document }, color) => {
    const { time_series: series, measured_window: window } = document
    if (series === undefined) return []
    const all = subject.columns(series)
    // Of several results one column, but every pool: more lines than that cannot be told apart.
    const columns = several && subject.ofPools !== true ? all.slice(0, 1) : all
    return [{ label, color, series, window, columns }]
  })
  if (known.length === 0) return { name, title, missing: noSeries }
  const end = largest(known.map(({ series }) => series.end_s))
  const most = largest(known.flatMap(({ columns }) => columns.flatMap(({ values }) => values)))
  const clock = clockScale(end)
  const scale = scaleOf(kind, most)
  const lines = known.flatMap(({ label, color, series, columns }) =>
    columns.map((column, index): Line => ({
      label: several ? (columns.length > 1 ? `${label}, ${column.label}` : label) : column.label,
      color: several ? color : index,
      dash: several && columns.length === 1 ? color : (column.dash ?? 0),
      points: column.values.map((value, i) => [
        (i + 0.5) * series.interval_s * clock.factor,
        value === null ? null : value * scale.factor,
      ]),
    })),
  )
  const first = known[0]!
  return {
    name,
    title,
    description: `${meaning}. ${known.map((each) => peakText(each, kind, several, clock)).join('; ')}.`,
    table: tableOf(known, kind, clock, several),
    height: (width) => Math.round(Math.min(260, width * 0.6)),
    option: (size) =>
      lineChart(
        {
          lines,
          bands: several ? [] : bandsOf(first.window, end, clock),
          x: { name: clock.unit, min: 0, max: end * clock.factor, roundEnd: false },
          y: {
            name: [
              `${scale.unit} ${of}`.trim(),
              ...(several && kind === 'duration' ? [first.columns[0]?.label] : []),
            ].join(', '),
            min: 0,
          },
        },
        size,
      ),
  }
}

function scaleOf(kind: Subject['kind'], most: number): Scale {
  if (kind === 'duration') return durationScale(most)
  return kind === 'share' ? { unit: '', factor: 100 } : countScale(most)
}

function written(kind: Subject['kind'], value: number | null | undefined): string {
  if (value === null || value === undefined) return '-'
  if (kind === 'duration') return durationText(value)
  return kind === 'share' ? `${figureText(value * 100)} %` : figureText(value)
}

interface Known {
  readonly label: string
  readonly series: TimeSeries
  readonly columns: readonly Column[]
}

function peakText(
  { label, series, columns }: Known,
  kind: Subject['kind'],
  several: boolean,
  clock: Scale,
): string {
  const column = columns[0]
  const peak = largest(column?.values ?? [])
  const at = column?.values.indexOf(peak) ?? -1
  const when = `${figureText(Math.round((at + 0.5) * series.interval_s * clock.factor))} ${clock.unit}`
  const text =
    at < 0 || peak === 0
      ? 'never above 0'
      : `${column?.label ?? ''} at most ${written(kind, Number(peak.toPrecision(3)))}, at ${when}`
  return several ? `${label}: ${text}` : text.replace(/^./, (letter) => letter.toUpperCase())
}

/** Rows of a table at most. */
const mostRows = 60

function tableOf(
  known: readonly Known[],
  kind: Subject['kind'],
  clock: Scale,
  several: boolean,
): {
  columns: string[]
  rows: string[][]
  note?: string
} {
  const longest = known.reduce((a, b) => (b.series.end_s > a.series.end_s ? b : a)).series
  const intervals = Math.ceil(longest.end_s / longest.interval_s)
  const stride = Math.max(1, Math.ceil(intervals / mostRows))
  const columns = known.flatMap(({ label, columns: own, series }) =>
    own.map((column) => ({
      ...column,
      series,
      label: several ? `${label}, ${column.label}` : column.label,
    })),
  )
  const rows: string[][] = []
  for (let i = 0; i < intervals; i += stride) {
    const from = i * longest.interval_s
    rows.push([
      figureText(Number((from * clock.factor).toPrecision(6))),
      ...columns.map(({ values, series }) =>
        written(kind, values[Math.floor(from / series.interval_s + 1e-9)]),
      ),
    ])
  }
  return {
    columns: [`From (${clock.unit})`, ...columns.map(({ label }) => label)],
    rows,
    ...(stride === 1 ? {} : { note: `Every ${stride}th of ${intervals} intervals.` }),
  }
}

function bandsOf(
  { start_s, end_s }: { readonly start_s: number; readonly end_s: number },
  end: number,
  { factor }: Scale,
): Band[] {
  const bands: Band[] = []
  if (start_s > end * 0.005) bands.push({ from: 0, to: start_s * factor, text: 'warm-up' })
  if (end_s < end * 0.995) bands.push({ from: end_s * factor, to: end * factor, text: 'drain' })
  return bands
}
