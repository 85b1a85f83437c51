import { horizontalAxis, legend, plane, verticalAxis } from './axis-style.js'
import type { AxisOptions } from './axis-style.js'
import type { DrawingOption, DrawingSize } from './drawing.js'
import { seriesColor, seriesDash, tones } from './palette.js'

/** A point; without a number the line goes on to the next. */
export type LinePoint = readonly [x: number, y: number | null]

export interface Line {
  readonly label: string
  readonly points: readonly LinePoint[]
  /** Number of its colour. */
  readonly color: number
  /** Number of the way in which it is broken; that of its colour when absent. */
  readonly dash?: number
  /** Filled down to the line below; all filled lines are stacked. */
  readonly filled?: boolean
  /** Steps in place of slopes: each value holds up to the next point. */
  readonly stepped?: boolean
  /** Points with a mark and a text. */
  readonly marks?: readonly Mark[]
}

/** A point with a dot and a text, which stands where the line does not go. */
export interface Mark {
  readonly at: readonly [number, number]
  readonly text: string
  readonly side?: 'right' | 'above' | 'below'
}

/** A stretch of the horizontal axis that is set apart. */
export interface Band {
  readonly from: number
  readonly to: number
  readonly text: string
}

export interface LineChartOptions {
  readonly lines: readonly Line[]
  readonly x: AxisOptions
  readonly y: AxisOptions
  readonly bands?: readonly Band[]
}

/** Lines over a plane. Labelled where they end, or in a legend where that is too narrow. */
export function lineChart(
  { lines, x, y, bands = [] }: LineChartOptions,
  { width }: DrawingSize,
): DrawingOption {
  const named = lines.length > 1
  const entries = lines.map(({ label, color, dash = color, filled = false }) => ({
    name: label,
    color: seriesColor(color),
    dash: seriesDash(dash),
    filled,
  }))
  const top = legend(entries, width)
  return {
    grid: plane({ top: (named ? top.height : 0) + (y.name === '' ? 14 : 26), right: 18 }),
    ...(named ? { legend: top.option } : {}),
    xAxis: horizontalAxis({ ticks: width < 450 ? 4 : 6, ...x }),
    yAxis: verticalAxis({ ticks: 4, ...y }),
    series: [
      ...lines.map((line, index) => series(line, index === 0 ? bands : [])),
      ...lines.flatMap(({ marks, color }) => (marks === undefined ? [] : [dots(marks, color)])),
    ],
  }
}

const still = { silent: true, emphasis: { disabled: true }, animation: false }

function series(
  { label, points, color, dash = color, filled = false, stepped = false }: Line,
  bands: readonly Band[],
): object {
  return {
    ...still,
    type: 'line',
    name: label,
    data: points,
    showSymbol: false,
    connectNulls: true,
    ...(stepped ? { step: 'end' } : {}),
    color: seriesColor(color),
    lineStyle: {
      color: seriesColor(color),
      width: lineWidth(points, filled),
      type: seriesDash(dash),
    },
    ...(filled ? { stack: 'all', areaStyle: { color: seriesColor(color), opacity: 0.85 } } : {}),
    ...(bands.length === 0 ? {} : { markArea: areas(bands) }),
  }
}

function areas(bands: readonly Band[]): object {
  return {
    ...still,
    itemStyle: { color: tones.band.light },
    label: { color: tones.muted.light, fontSize: 11, position: 'insideTop' },
    data: bands.map(({ from, to, text }) => [{ xAxis: from, name: text }, { xAxis: to }]),
  }
}

/** Thin where points lie close. */
function lineWidth(points: readonly LinePoint[], filled: boolean): number {
  if (filled) return 0
  return points.length > 200 ? 1.4 : 2
}

function dots(marks: readonly Mark[], color: number): object {
  const places = {
    right: { position: 'right', distance: 7 },
    above: { position: 'right', offset: [-2, -13] },
    below: { position: 'right', offset: [2, 10] },
  }
  return {
    ...still,
    type: 'scatter',
    symbolSize: 8,
    itemStyle: {
      color: seriesColor(color),
      opacity: 1,
      borderColor: tones.surface.light,
      borderWidth: 1.5,
    },
    data: marks.map(({ at, text, side = 'right' }) => ({
      value: at,
      label: {
        show: true,
        formatter: () => text,
        color: tones.text.light,
        fontSize: 12,
        ...places[side],
      },
    })),
  }
}
