import { describe, expect, it } from 'vitest'
import { ExactDistribution } from './exact-distribution.js'
import { figure } from './latency-summary.js'
import { RequestMetrics, type RequestMetricsOptions } from './request-metrics.js'

function metrics(options: Partial<RequestMetricsOptions> = {}): RequestMetrics {
  return new RequestMetrics({
    newDistribution: () => new ExactDistribution(),
    startSeconds: 10,
    endSeconds: 20,
    ...options,
  })
}

/** Arrival, start, first token and finish in seconds, and the output tokens. */
function complete(
  measured: RequestMetrics,
  arrivalSeconds: number,
  startSeconds: number,
  firstTokenSeconds: number,
  finishSeconds: number,
  outputTokens: number,
): void {
  measured.complete({
    arrivalSeconds,
    startSeconds,
    firstTokenSeconds,
    finishSeconds,
    outputTokens,
  })
}

describe('RequestMetrics', () => {
  it('defines TTFT, E2E, TPOT and queue time', () => {
    const measured = metrics()
    measured.arrive({ arrivalSeconds: 11 })
    complete(measured, 11, 11.5, 12, 14, 5)
    expect(measured.queue.sum).toBe(0.5)
    expect(measured.ttft.sum).toBe(1)
    expect(measured.e2e.sum).toBe(3)
    // Two seconds for the four tokens after the first.
    expect(measured.tpot.sum).toBe(0.5)
    expect(measured.totalLatencySeconds).toBe(3)
  })

  it('knows no TPOT of a request of one token', () => {
    const measured = metrics()
    complete(measured, 11, 11, 12, 12, 1)
    expect(measured.tpot.count).toBe(0)
    expect(measured.ttft.count).toBe(1)
    expect(measured.latencies().time_per_output_token.mean).toBeNull()
  })

  it('takes latencies of those that arrived in the window, edges included', () => {
    const measured = metrics()
    for (const arrival of [9.999, 10, 15, 20, 20.001]) {
      measured.arrive({ arrivalSeconds: arrival })
      complete(measured, arrival, arrival, arrival + 1, arrival + 2, 2)
    }
    expect(measured).toMatchObject({ arrived: 5, arrivedInWindow: 3, completed: 5 })
    expect(measured.e2e.count).toBe(3)
    expect(measured.totalLatencySeconds).toBeCloseTo(10, 9)
  })

  it('counts completions of those that finished in the window, whenever they arrived', () => {
    const measured = metrics()
    for (const [arrival, finish] of [
      [1, 9.9],
      [1, 10],
      [1, 10.1],
      [19, 20],
      [19, 20.1],
    ] as const)
      complete(measured, arrival, arrival, finish, finish, 1)
    expect(measured).toMatchObject({ completed: 5, completedInWindow: 2, goodInWindow: 2 })
  })

  it('calls good what meets every objective, the limits included', () => {
    const objectives = { ttftSeconds: 1, tpotSeconds: 0.5, e2eSeconds: 2.5 }
    const good = (first: number, finish: number, tokens: number): number => {
      const measured = metrics({ objectives })
      complete(measured, 12, 12, 12 + first, 12 + finish, tokens)
      return measured.goodInWindow
    }
    expect(good(1, 2.5, 4)).toBe(1)
    expect(good(1.01, 2.5, 9)).toBe(0)
    expect(good(1, 2.5, 3)).toBe(0)
    expect(good(1, 2.51, 9)).toBe(0)
    // One token has no time per token to miss.
    expect(good(1, 1, 1)).toBe(1)
  })

  it('has null for every figure before anything is measured', () => {
    const { first_token_latency } = metrics().latencies()
    expect(Object.values(first_token_latency)).toEqual(Array.from({ length: 9 }, () => null))
    expect([figure(NaN), figure(Infinity), figure(0)]).toEqual([null, null, 0])
  })
})
