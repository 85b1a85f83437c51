import type { Executor } from './executor.js'

export interface EvaluationOptions<Outcome> {
  /** Once aborted, no further point is started; those in flight are waited for. */
  readonly signal?: AbortSignalLike | undefined
  /** Called for each outcome in the order in which they come. What it returns is waited for. */
  onOutcome?(outcome: Outcome, index: number): void | Promise<void>
}

/** The part of an `AbortSignal` that is read: the package needs no types of a browser or of Node. */
export interface AbortSignalLike {
  readonly aborted: boolean
}

/**
 * Evaluates points with as many in flight as the executor has room for: they are taken one by one, so
 * an endless or costly list of them is never held whole.
 *
 * @returns the outcomes in the order of the points; those that were not started are missing at its end
 *   or are holes.
 * @throws what the executor or `onOutcome` rejects with first; points in flight are waited for.
 */
export async function evaluateAll<Point, Outcome>(
  points: Iterable<Point>,
  executor: Executor<Point, Outcome>,
  options: EvaluationOptions<Outcome> = {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const waiting = points[Symbol.iterator]()
  let index = 0
  let failed = false
  const serve = async (): Promise<void> => {
    while (!failed && options.signal?.aborted !== true) {
      const next = waiting.next()
      if (next.done === true) return
      const at = index++
      try {
        const outcome = await executor.evaluate(next.value)
        outcomes[at] = outcome
        await options.onOutcome?.(outcome, at)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = Array.from({ length: Math.max(1, executor.concurrency) }, serve)
  const settled = await Promise.allSettled(lanes)
  for (const lane of settled) if (lane.status === 'rejected') throw lane.reason
  return outcomes
}
