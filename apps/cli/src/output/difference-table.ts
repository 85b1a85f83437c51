import {
  figureWithUnit,
  type FieldDifference,
  type FigureDifference,
  type ResultDifference,
} from '@llmsim/metrics'
import type { Colors } from './colors.js'
import { count, figure } from './figures.js'
import { textTable } from './text-table.js'

export interface DifferenceOptions {
  /** Every figure: of pools and classes, of every statistic, and without a change too. */
  readonly all: boolean
  readonly colors: Colors
}

/** What changed, for a terminal of 80 columns. */
export function differenceText(
  { scenario, figures, replications }: ResultDifference,
  { all, colors }: DifferenceOptions,
): string {
  const shown = all ? figures : figures.filter(isHeadline).filter(hasChanged)
  const hidden = figures.filter(hasChanged).length - shown.filter(hasChanged).length
  const parts = [
    colors.bold('Scenario'),
    scenario.length === 0 ? 'the same' : fieldTable(scenario),
    '',
    colors.bold('Figures'),
    shown.length === 0 ? 'the same' : figureTable(shown, replications !== null),
    ...(hidden > 0 ? ['', `${count(hidden)} more changed (--all shows every figure)`] : []),
    ...significanceNote({ scenario, figures, replications }),
  ]
  return `${parts.join('\n')}\n`
}

function fieldTable(fields: readonly FieldDifference[]): string {
  const names = Math.max(...fields.map(({ path }) => path.length))
  const room = Math.max(8, Math.floor((80 - names - 4) / 2))
  const rows = fields.map(({ path, from, to }) => [path, cut(from, room), cut(to, room)])
  return textTable([['', 'from', 'to'], ...rows], { align: 'left' })
}

function figureTable(figures: readonly FigureDifference[], tested: boolean): string {
  return textTable([
    ['', 'from', 'to', 'change', ...(tested ? ['p'] : [])],
    ...figures.map(({ path, from, to, difference, relative, test }) => [
      path,
      figureWithUnit(path, from),
      figureWithUnit(path, to),
      relative === null ? signed(path, difference) : percent(relative),
      ...(tested ? [test === undefined ? '-' : `${pText(test.p_value)}${mark(test)}`] : []),
    ]),
  ])
}

function significanceNote({ figures, replications }: ResultDifference): string[] {
  if (replications === null)
    return ['', 'One run a side is no test: --replications on both shows what chance does.']
  // What varies on neither side is not tested.
  const tested = figures.filter(({ test }) => (test?.half_width ?? 0) > 0).length
  const level = 1 - replications.confidence_level
  return [
    '',
    `Means of ${replications.from} and ${replications.to} seeds. * p < ${figure(level)} by Welch's test: of ${count(tested)} figures`,
    `about ${figure(Math.round(tested * level))} would be so by chance if nothing had changed.`,
  ]
}

/** Parts, checks and statistics that say the same again. */
const details =
  /^(pools|classes|tenants|littles_law|measured_window|utilization|batch)\.|\.(std|min|max|p90|p95|p999)$|\.p\d+_memory_gb$/

function isHeadline({ path }: FigureDifference): boolean {
  return !details.test(path)
}

function hasChanged({ from, to }: FigureDifference): boolean {
  return from !== to
}

function percent(relative: number): string {
  const size = Math.abs(relative) * 100
  if (size < 0.05) return '0.0 %'
  return `${relative < 0 ? '-' : '+'}${size >= 1000 ? figure(size) : size.toFixed(1)} %`
}

function signed(path: string, difference: number | null): string {
  if (difference === null) return '-'
  return `${difference > 0 ? '+' : ''}${figureWithUnit(path, difference)}`
}

function pText(value: number): string {
  return value < 0.001 ? '<0.001' : value.toFixed(3)
}

function mark({ significant }: NonNullable<FigureDifference['test']>): string {
  return significant ? ' *' : '  '
}

function cut(value: string | null, most: number): string {
  if (value === null) return '-'
  const [line = ''] = value.split('\n', 1)
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
