import type { PoolFigures } from '@llmsim/contracts'
import { figure, percent } from './figures.js'

/** Parts below this share of the time are told together. */
const SMALL = 0.01

/** Where the time of a pool went: operators that take long, the rest, and the waits. */
export function breakdownRows({ breakdown, pipeline }: PoolFigures): string[][] {
  const rows: string[][] = []
  if (breakdown !== undefined) {
    const { step_s: all, operators, barrier_s: barrier, dummy_s: dummy } = breakdown
    const share = (seconds: number): string => percent(all > 0 ? seconds / all : null)
    const sorted = Object.entries(operators).toSorted(([, a], [, b]) => b - a)
    const large = sorted.filter(([, seconds]) => seconds >= SMALL * all)
    const rest = sorted.slice(large.length).reduce((sum, [, seconds]) => sum + seconds, 0)
    rows.push(
      ['', 'seconds', 'share'],
      ...large.map(([name, seconds]) => [name, figure(seconds), share(seconds)]),
      ...(rest > 0 ? [['others', figure(rest), share(rest)]] : []),
      ...(barrier > 0 ? [['barrier (waiting for ranks)', figure(barrier), share(barrier)]] : []),
      ['steps', figure(all), share(all)],
      ...(dummy > 0 ? [['without a request (dummy)', figure(dummy), '']] : []),
    )
  }
  if (pipeline !== undefined)
    rows.push(['bubbles (with batches in flight)', '', percent(pipeline.bubble)])
  return rows
}
