import { durationText, percentText } from '@llmsim/metrics'
import type { Latency, ResultsDocument } from '@llmsim/contracts'
import type { MaybeChart } from '../chart.js'
import { lineChart, type Line, type LinePoint, type Mark } from '../line-chart.js'
import type { ReportedResult } from '../reported-result.js'
import { durationScale, largest } from '../scale.js'

type LatencyField =
  'first_token_latency' | 'time_per_output_token' | 'inter_token_latency' | 'end_to_end_latency'

interface Subject {
  readonly name: string
  readonly field: LatencyField
  readonly title: string
  readonly meaning: string
  /** What the shares are of. */
  readonly of: string
}

const subjects: readonly Subject[] = [
  {
    name: 'ttft-cdf',
    field: 'first_token_latency',
    title: 'Time to first token (TTFT)',
    meaning: 'From arrival to the first token',
    of: 'requests',
  },
  {
    name: 'tpot-cdf',
    field: 'time_per_output_token',
    title: 'Time per output token (TPOT)',
    meaning: 'Mean time per token after the first',
    of: 'requests',
  },
  {
    name: 'itl-cdf',
    field: 'inter_token_latency',
    title: 'Inter-token latency (ITL)',
    meaning: 'Every gap between two tokens',
    of: 'gaps',
  },
  {
    name: 'e2e-cdf',
    field: 'end_to_end_latency',
    title: 'End-to-end latency (E2E)',
    meaning: 'From arrival to the last token',
    of: 'requests',
  },
]

const quantiles = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const

/** The distribution of each latency: which share of requests, or of gaps, waited no longer. */
export function latencyDistributions(results: readonly ReportedResult[]): MaybeChart[] {
  return subjects.map((subject) => distributionOf(subject, results))
}

function distributionOf(subject: Subject, results: readonly ReportedResult[]): MaybeChart {
  const { name, field, title, meaning, of } = subject
  const known = results
    .map(({ label, results: document }, color) => ({
      label,
      color,
      latency: document[field],
      points: distribution(document, field),
    }))
    .filter(({ points }) => points.length > 1)
  if (known.length === 0) return { name, title, missing: 'No request was measured.' }
  const end = largest(known.map(({ points }) => shownEnd(points)))
  const start = Math.min(...known.map(({ points }) => points[0]![0]).filter((x) => x > 0))
  const log = end / start > 100
  const { unit, factor } = durationScale(end)
  const lines = known.map(({ label, color, points, latency }): Line => ({
    label,
    color,
    points: points
      .filter(([seconds]) => seconds <= end && (!log || seconds > 0))
      .map(([seconds, share]): LinePoint => [seconds * factor, share! * 100]),
    ...(known.length > 1 ? {} : { marks: marksOf(latency, factor) }),
  }))
  return {
    name,
    title,
    description: `${meaning}: share of ${of} at or below a duration. ${known
      .map(({ label, latency: { p50, p99 } }) => {
        const figures = `median ${durationText(p50)}, 99th percentile ${durationText(p99)}`
        return results.length > 1 ? `${label}: ${figures}` : figures.replace(/^m/, 'M')
      })
      .join('; ')}.`,
    table: {
      columns: [`Share of ${of}`, ...known.map(({ label }) => label)],
      rows: tableShares.map((share) => [
        percentText(share),
        ...known.map(({ points }) => durationText(valueAt(points, share))),
      ]),
    },
    height: (width) => Math.round(Math.min(280, width * 0.62)),
    option: (size) =>
      lineChart(
        {
          lines,
          x: {
            name: unit,
            log,
            roundEnd: !log,
            ...(log ? { min: start * factor, max: end * factor } : { min: 0 }),
          },
          y: { name: '', min: 0, max: 100, step: 25, written: (value) => `${value} %` },
        },
        size,
      ),
  }
}

const tableShares = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]

/** Points (seconds, share) of a distribution, rising; from a few quantiles where there is no grid. */
function distribution(document: ResultsDocument, field: LatencyField): LinePoint[] {
  const { distributions } = document
  const values = distributions?.[field]
  if (distributions !== undefined && values !== undefined && values !== null)
    return values.map((seconds, i): LinePoint => [seconds, distributions.quantiles[i]!])
  const latency: Latency = document[field]
  const rough: readonly (readonly [number | null, number])[] = [
    [latency.min, 0],
    ...quantiles.map(([quantile, share]) => [latency[quantile], share] as const),
    [latency.max, 1],
  ]
  return rough.flatMap(([seconds, share]): LinePoint[] =>
    seconds === null ? [] : [[seconds, share]],
  )
}

/** Where the axis ends: a tail that is far out is not drawn. */
function shownEnd(points: readonly LinePoint[]): number {
  const last = points.at(-1)![0]
  const p99 = valueAt(points, 0.99)
  return last > 4 * p99 ? valueAt(points, 0.999) : last
}

/** The duration at or below which a share lies; between two points on the line through them. */
function valueAt(points: readonly LinePoint[], share: number): number {
  const above = points.findIndex(([, upTo]) => upTo! >= share)
  if (above === -1) return points.at(-1)![0]
  const [x, y] = points[above]!
  const [x0, y0] = points[above - 1] ?? [x, y]
  return y! > y0! ? x0 + ((x - x0) * (share - y0!)) / (y! - y0!) : x
}

const sides = { p50: 'right', p90: 'below', p99: 'above' } as const

function marksOf(latency: Latency, factor: number): Mark[] {
  return (['p50', 'p90', 'p99'] as const).flatMap((quantile): Mark[] => {
    const seconds = latency[quantile]
    if (seconds === null) return []
    const text = `${quantile} ${durationText(Number(seconds.toPrecision(3)))}`
    const share = Number(quantile.slice(1))
    return [{ at: [seconds * factor, share], text, side: sides[quantile] }]
  })
}
