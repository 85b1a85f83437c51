import type { SimulationSpec, Verdict } from '@llmsim/contracts'
import type { RequestMetrics } from '@llmsim/metrics'

/** Mean time in the queue, as a share of the measured window, from which on it is taken to grow. */
const LONG_QUEUE = 0.05
/** Share of the requests from which on those that were turned away are more than a few. */
const TURNED_AWAY = 0.05
/** Shorter queues, in seconds, are no sign of anything. */
const SHORT_QUEUE_SECONDS = 1
/** Seconds by which the time in the queue grows per second, from which on it is no accident. */
const GROWTH = 0.05
/** How much longer the second half of the requests must have waited than the first. */
const GROWTH_FACTOR = 2

export interface VerdictParts {
  readonly spec: SimulationSpec
  readonly requests: RequestMetrics
  readonly now: number
  readonly unfinished: number
  /** Requests that were not let in, though they could be served, or whose clients gave up. */
  readonly turnedAway: number
}

/**
 * Whether a deployment keeps up with its traffic.
 *
 * - `overloaded`: requests of an open loop come faster than they are served, so that each waits longer
 *   than the one before, or many are turned away;
 * - `backlogged`: it keeps up, and requests wait longer than they are served, or had not finished when
 *   the drain ended;
 * - `stable` otherwise.
 */
export function runVerdict(parts: VerdictParts): Verdict {
  const { spec, requests, unfinished } = parts
  const { queue, e2e } = requests
  const overloaded =
    spec.concurrency === undefined
      ? (longQueue(parts) ?? growingQueue(requests) ?? fewLetIn(parts))
      : undefined
  if (overloaded !== undefined) return { state: 'overloaded', reason: overloaded }
  if (e2e.count === 0) {
    const state = unfinished > 0 ? 'backlogged' : 'stable'
    return { state, reason: 'no request that arrived in the measured window was completed' }
  }
  const waited = queue.mean
  const served = e2e.mean - waited
  const means = `requests waited ${seconds(waited)} in the queue and were served for ${seconds(served)} on average`
  if (waited > served) return { state: 'backlogged', reason: means }
  if (unfinished > requests.completed * LONG_QUEUE)
    return {
      state: 'backlogged',
      reason: `${unfinished} requests had not finished when the drain ended`,
    }
  return { state: 'stable', reason: means }
}

/** Says so where an open loop of a known length brings more than is served. */
function longQueue({ spec, requests, now }: VerdictParts): string | undefined {
  if (spec.durationSeconds === Infinity) return undefined
  const window = Math.min(spec.durationSeconds, now) - spec.warmUpSeconds
  const wait = requests.queue.mean
  if (!(wait > SHORT_QUEUE_SECONDS && wait > LONG_QUEUE * window)) return undefined
  const rate = (count: number): string => (count / window).toPrecision(3)
  return (
    `${rate(requests.arrivedInWindow)} requests/s arrived and ` +
    `${rate(requests.completedInWindow)} were completed in the measured window; ` +
    `they waited ${wait.toPrecision(3)} s in the queue on average`
  )
}

/** Says so where those that came later waited longer and longer. */
function growingQueue({ waits }: RequestMetrics): string | undefined {
  const halves = waits.halves()
  if (halves === undefined) return undefined
  const { first, second, seconds: span } = halves
  const grown = second - first
  const grows =
    second > SHORT_QUEUE_SECONDS && second > GROWTH_FACTOR * first && grown > (GROWTH * span) / 2
  return grows
    ? `requests of the first half of the time waited ${seconds(first)} in the queue on average, those of the second ${seconds(second)}`
    : undefined
}

/** Says so where many were turned away, so that those who were served need not have waited. */
function fewLetIn({ requests, turnedAway }: VerdictParts): string | undefined {
  if (turnedAway <= TURNED_AWAY * requests.arrived) return undefined
  return `${turnedAway} of ${requests.arrived} requests were not let in, or given up by their clients`
}

function seconds(value: number): string {
  return value < 0.9995 ? `${(value * 1000).toPrecision(3)} ms` : `${value.toPrecision(3)} s`
}
