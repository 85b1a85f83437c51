import { seriesColor, tones, type Chart } from '@llmsim/report'
import type { StudyFigure } from './study-figure.js'
import { shortName } from './sweep-plan.js'
import type { SweepColumns, SweepRow } from './sweep-rows.js'

/** Lines that a reader can still tell apart; further points are left out evenly. */
const mostLines = 1500
/** Share of the points that are set apart as the best. */
const bestShare = 0.1

/** Points as lines across one axis for each field and each figure; the best stand out. */
export function parallelChart(
  { axes, rows }: SweepColumns,
  figures: readonly StudyFigure[],
): Chart {
  const whole = rows.filter(({ problem }) => problem === undefined)
  const every = Math.max(1, Math.ceil(whole.length / mostLines))
  const shown = whole.filter((_, index) => index % every === 0)
  const [first] = figures
  const best = new Set(first === undefined ? [] : bestOf(shown, first))
  const labels = [
    ...axes.map(({ field }) => shortName(field)),
    ...figures.map(({ label }) => label),
  ]
  const line = (row: SweepRow): (number | string)[] => [
    ...row.values.map((value) => (typeof value === 'number' ? value : textOf(value))),
    ...figures.map(({ path }) => row.figures.get(path) ?? 0),
  ]
  return {
    name: 'points',
    title: 'Points of the sweep',
    description:
      `Each line is a point: its fields, then its figures.` +
      (first === undefined ? '' : ` The tenth with the best ${first.label} is orange.`) +
      (every === 1 ? '' : ` One point in ${every} is drawn.`),
    table: {
      columns: ['point', ...labels],
      rows: shown
        .slice(0, 200)
        .map((row) => [
          String(row.index),
          ...row.values.map(textOf),
          ...figures.map(({ path, format }) => format(row.figures.get(path))),
        ]),
      ...(shown.length > 200 ? { note: `The first 200 of ${shown.length} points.` } : {}),
    },
    height: () => 360,
    option: ({ width }) => ({
      parallel: { left: 72, right: 60, top: 44, bottom: 26, layout: 'horizontal' },
      parallelAxis: labels.map((name, dim) => {
        const values = shown.map((row) => row.values[dim])
        const isText = dim < axes.length && values.some((value) => typeof value !== 'number')
        const figure = figures[dim - axes.length]
        return {
          dim,
          name: width < 450 && name.length > 9 ? `${name.slice(0, 8)}…` : name,
          nameLocation: 'end',
          nameGap: 14,
          nameTextStyle: { color: tones.text.light, fontSize: 12 },
          ...(isText
            ? { type: 'category', data: [...new Set(values.map(textOf))] }
            : { type: 'value', scale: true, splitNumber: 4 }),
          axisLine: { lineStyle: { color: tones.axis.light } },
          axisTick: { show: false },
          axisLabel: {
            color: tones.muted.light,
            fontSize: 11,
            ...(figure === undefined ? {} : { formatter: (value: number) => figure.format(value) }),
          },
        }
      }),
      series: [false, true].map((isBest) => ({
        type: 'parallel',
        silent: true,
        lineStyle: {
          color: seriesColor(isBest ? 1 : 0),
          width: 1,
          opacity: isBest ? 0.8 : shown.length > 300 ? 0.15 : 0.35,
        },
        data: shown.filter((row) => best.has(row) === isBest).map(line),
      })),
    }),
  }
}

function bestOf(rows: readonly SweepRow[], { path, better }: StudyFigure): SweepRow[] {
  const value = (row: SweepRow): number => {
    const figure = row.figures.get(path) ?? NaN
    return better === 'less' ? figure : -figure
  }
  return rows
    .filter((row) => !Number.isNaN(value(row)))
    .sort((a, b) => value(a) - value(b))
    .slice(0, Math.max(1, Math.round(bestShare * rows.length)))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
