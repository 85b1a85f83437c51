import { errorStatistics } from './error-statistics.js'
import { metrics, type MeasuredPoint } from './measured-point.js'
import type { PointError } from './point-errors.js'
import type { Validation } from './validation-summary.js'

const SIZE = 420
const MARGIN = 56

/** Distinct and readable on white. */
const palette = [
  ...['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf', '#8c564b', '#e377c2'],
  ...['#7f7f7f', '#bcbd22', '#003f5c', '#58508d', '#bc5090', '#ff6361', '#ffa600', '#2f4b7c'],
]

/** A page with one scatter per metric, simulated against measured on log axes; it loads nothing. */
export function scatterPage(
  { rows, summary }: Validation,
  points: readonly MeasuredPoint[],
  title: string,
): string {
  const byId = new Map(points.map((point) => [point.id, point]))
  const hardware = [...new Set(points.map((point) => point.hardware))].toSorted()
  const colors = new Map(hardware.map((name, index) => [name, palette[index % palette.length]!]))
  const drawn = metrics
    .map((metric) => rows.filter((row) => row.metric === metric && isDrawable(row)))
    .filter((members) => members.length > 0)
  const plots = drawn.map((members) =>
    plot(members, (row) => colors.get(byId.get(row.id)?.hardware ?? '') ?? '#000'),
  )
  const legend = hardware.map(
    (name) => `<span><i style="background:${colors.get(name) ?? ''}"></i>${escape(name)}</span>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 24px; color: #222; background: #fff }
figure { display: inline-block; margin: 0 16px 24px 0 }
.legend span { margin-right: 14px; white-space: nowrap }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 5px; margin-right: 4px }
text { font: 11px system-ui, sans-serif; fill: #444 }
circle { fill-opacity: 0.5 }
</style>
</head>
<body>
<h1>${escape(title)}</h1>
<p>${summary.simulated} of ${summary.measurements} measurements; the dashed lines are 25 % off.</p>
<p class="legend">${legend.join('')}</p>
${plots.join('\n')}
</body>
</html>
`
}

function isDrawable({ measured, simulated }: PointError): boolean {
  return measured > 0 && simulated > 0 && Number.isFinite(simulated)
}

function plot(rows: readonly PointError[], colorOf: (row: PointError) => string): string {
  const values = rows.flatMap(({ measured, simulated }) => [measured, simulated])
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const place = (value: number): number =>
    MARGIN + ((Math.log10(value) - low) / (high - low)) * (SIZE - 2 * MARGIN)
  const x = (value: number): string => place(value).toFixed(1)
  const y = (value: number): string => (SIZE - place(value)).toFixed(1)
  const ends = [10 ** low, 10 ** high] as const
  const line = (factor: number, style: string): string => {
    const from = Math.max(ends[0], ends[0] / factor)
    const to = Math.min(ends[1], ends[1] / factor)
    return `<line x1="${x(from)}" y1="${y(from * factor)}" x2="${x(to)}" y2="${y(to * factor)}" ${style}/>`
  }
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)).map(
    (tick) =>
      `<line x1="${x(tick)}" y1="${y(ends[0])}" x2="${x(tick)}" y2="${y(ends[1])}" stroke="#eee"/>` +
      `<line x1="${x(ends[0])}" y1="${y(tick)}" x2="${x(ends[1])}" y2="${y(tick)}" stroke="#eee"/>` +
      `<text x="${x(tick)}" y="${SIZE - MARGIN + 16}" text-anchor="middle">${tick}</text>` +
      `<text x="${MARGIN - 6}" y="${y(tick)}" text-anchor="end" dominant-baseline="middle">${tick}</text>`,
  )
  const dots = rows.map(
    (row) =>
      `<circle cx="${x(row.measured)}" cy="${y(row.simulated)}" r="2.5" fill="${colorOf(row)}">` +
      `<title>${escape(row.id)}: measured ${digits(row.measured)}, simulated ${digits(row.simulated)}</title></circle>`,
  )
  const statistics = errorStatistics(rows.map((row) => row.relative_error))
  const median = statistics?.median_absolute_percent.toFixed(1) ?? '-'
  const p90 = statistics?.p90_absolute_percent.toFixed(1) ?? '-'
  return `<figure>
<figcaption><b>${rows[0]?.metric ?? ''}</b>: ${rows.length} rows, median ${median} %, 90th percentile ${p90} %</figcaption>
<svg width="${SIZE}" height="${SIZE}" role="img">
${ticks.join('\n')}
${line(1, 'stroke="#888"')}
${line(1.25, 'stroke="#aaa" stroke-dasharray="4 3"')}
${line(0.75, 'stroke="#aaa" stroke-dasharray="4 3"')}
${dots.join('\n')}
<text x="${SIZE / 2}" y="${SIZE - 12}" text-anchor="middle">measured</text>
<text x="14" y="${SIZE / 2}" text-anchor="middle" transform="rotate(-90 14 ${SIZE / 2})">simulated</text>
</svg>
</figure>`
}

function digits(value: number): string {
  return String(Number(value.toPrecision(5)))
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
