import { figureText } from '@llmsim/metrics'
import { categoryAxis, horizontalAxis, legend, shortened, textWidth } from './axis-style.js'
import type { AxisOptions } from './axis-style.js'
import type { DrawingOption, DrawingSize } from './drawing.js'
import { seriesColor, tones } from './palette.js'

/** One part of every bar. */
export interface BarPart {
  readonly label: string
  /** One for each bar; null where it has no such part. */
  readonly values: readonly (number | null)[]
  /** Number of its colour, or what is left over. */
  readonly color: number | 'idle'
}

export interface BarChartOptions {
  /** Names of the bars, from the top down. */
  readonly bars: readonly string[]
  /** In this order; one part alone needs no legend. */
  readonly parts: readonly BarPart[]
  /** Parts stand below each other in place of one behind the other. */
  readonly grouped?: boolean
  readonly x: AxisOptions
  /** What is written on a part, or behind it; where there is room. */
  readonly written?: (value: number) => string
}

/** Below the bars: the axis, and its name. */
const axisRoom = 44

/** Height of a drawing of these bars. */
export function barChartHeight(
  { bars, parts, grouped = false }: Pick<BarChartOptions, 'bars' | 'parts' | 'grouped'>,
  width: number,
): number {
  const each = grouped ? 8 + 18 * parts.length : 28
  return legendOf(parts, width).height + bars.length * each + 8 + axisRoom
}

function legendOf(parts: readonly BarPart[], width: number): ReturnType<typeof legend> {
  if (parts.length < 2) return { height: 0, option: [] }
  const entries = parts.map(({ label, color }) => ({
    name: label,
    color: colorOf(color),
    filled: true,
  }))
  return legend(entries, width)
}

function colorOf(color: number | 'idle'): string {
  return color === 'idle' ? tones.idle.light : seriesColor(color)
}

/** Horizontal bars, of stacked parts or in groups. */
export function barChart(
  { bars, parts, grouped = false, x, written = figureText }: BarChartOptions,
  { width }: DrawingSize,
): DrawingOption {
  const { height, option } = legendOf(parts, width)
  const names = bars.map((name) => shortened(name, width < 450 ? 17 : 28))
  const left = Math.min(width * 0.42, Math.max(0, ...names.map(textWidth))) + 10
  // Beside a bar that is alone its number stands behind it, and needs room there.
  const behind = grouped || parts.length === 1
  const texts = parts.flatMap(({ values }) =>
    values.map((value) => (value === null ? '' : written(value))),
  )
  const right = behind ? Math.max(0, ...texts.map(textWidth)) + 12 : 14
  const most = Math.max(
    ...bars.map((_, bar) => parts.reduce((sum, { values }) => sum + (values[bar] ?? 0), 0)),
  )
  const pixels = (width - left - right) / (x.max ?? (most || 1))
  return {
    legend: option,
    grid: { left, right, top: height + 8, bottom: axisRoom, outerBoundsMode: 'none' },
    xAxis: horizontalAxis({ ticks: width < 450 ? 3 : 5, min: 0, ...x }),
    yAxis: categoryAxis(names),
    series: parts.map(({ label, values, color }) => ({
      type: 'bar',
      name: label,
      ...(grouped ? { barGap: '15%' } : { stack: 'all' }),
      silent: true,
      emphasis: { disabled: true },
      barWidth: grouped ? 13 : 18,
      itemStyle: {
        color: colorOf(color),
        borderColor: tones.surface.light,
        borderWidth: behind ? 0 : 1,
      },
      data: values.map((value) => {
        const text = value === null || (value === 0 && !behind) ? '' : written(value)
        return {
          value,
          label: {
            show: text !== '' && (behind || (value ?? 0) * pixels > textWidth(text) + 8),
            formatter: () => text,
            position: behind ? 'right' : 'inside',
            fontSize: 12,
            color: behind || color === 'idle' ? tones.text.light : tones.onSeries.light,
          },
        }
      }),
    })),
  }
}
