/**
 * Where points are evaluated: on this thread, on others, or on other machines. A point and its outcome
 * are plain values, which survive a trip to another process.
 *
 * What a point comes to depends on the point alone, never on where or when it is evaluated: that makes
 * a study the same whatever executor runs it.
 */
export interface Executor<Point, Outcome> {
  /** Points in flight that keep every worker busy; more would only queue up. */
  readonly concurrency: number
  /** The outcome of a point. Rejects when no worker could evaluate it. */
  evaluate(point: Point): Promise<Outcome>
  /** Gives the workers back. Points in flight are given up. */
  close(): Promise<void>
}

/** Evaluates points where the caller is, one after another. */
export function inProcessExecutor<Point, Outcome>(
  evaluate: (point: Point) => Outcome | Promise<Outcome>,
): Executor<Point, Outcome> {
  return {
    concurrency: 1,
    evaluate: async (point) => await evaluate(point),
    close: () => Promise.resolve(),
  }
}
