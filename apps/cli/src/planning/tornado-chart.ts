import type { Sensitivity } from '@llmsim/planner'
import { categoryAxis, horizontalAxis, seriesColor, textWidth, type Chart } from '@llmsim/report'
import type { StudyFigure } from './study-figure.js'
import type { WhatifInput } from './whatif-inputs.js'
import { inputText } from './whatif-text.js'

const rowHeight = 28
const room = 76

/** A figure at both ends of each input, the input that moves it most on top. */
export function tornadoChart(
  figure: StudyFigure,
  base: number,
  found: readonly Sensitivity<WhatifInput>[],
): Chart {
  const [widest] = found
  const moving = found.filter(({ swing }) => swing > 0)
  return {
    name: 'tornado',
    title: `What moves ${figure.label}`,
    description:
      `${figure.label} is ${figure.format(base)}; each bar reaches from its least to its most as one input ` +
      `changes alone.${widest === undefined ? '' : ` ${widest.input.label} moves it most.`}`,
    table: {
      columns: [
        'input',
        'from',
        'to',
        `${figure.label} at the low end`,
        'at the high end',
        'swing',
      ],
      rows: found.map(({ input, low, high, swing }) => [
        input.label,
        inputText(input.low, input),
        inputText(input.high, input),
        figure.format(low),
        figure.format(high),
        figure.format(swing),
      ]),
    },
    height: () => moving.length * rowHeight + room,
    option: ({ width }) => {
      const names = moving.map(({ input }) => input.label)
      const ends = moving.flatMap(({ low, high }) => [low ?? base, high ?? base])
      const least = Math.min(base, ...ends)
      const most = Math.max(base, ...ends)
      const margin = (most - least) * 0.06 || Math.abs(base) * 0.1 || 1
      const left = Math.min(width * 0.42, Math.max(0, ...names.map(textWidth))) + 10
      const lowest = Math.max(0, least - margin)
      const stacked = (color: string, values: readonly number[]): object => ({
        type: 'bar',
        stack: 'all',
        silent: true,
        barWidth: 16,
        emphasis: { disabled: true },
        itemStyle: { color },
        data: values,
      })
      const below = moving.map(({ low, high }) => Math.min(base, low ?? base, high ?? base))
      const above = moving.map(({ low, high }) => Math.max(base, low ?? base, high ?? base))
      return {
        grid: { left, right: 18, top: 26, bottom: 44, outerBoundsMode: 'none' },
        xAxis: horizontalAxis({
          name: `${figure.label} (blue: below ${figure.format(base)}, orange: above)`,
          min: 0,
          max: most + margin - lowest,
          ticks: width < 450 ? 3 : 5,
          written: (value) => figure.format(value + lowest),
          roundEnd: false,
        }),
        yAxis: categoryAxis(names),
        series: [
          stacked(
            'transparent',
            below.map((value) => value - lowest),
          ),
          stacked(
            seriesColor(0),
            below.map((value) => base - value),
          ),
          stacked(
            seriesColor(1),
            above.map((value) => value - base),
          ),
        ],
      }
    },
  }
}
