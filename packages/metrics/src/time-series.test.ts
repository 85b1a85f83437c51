import type { ObservedRequest, ObservedSegment } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TimeSeriesRecorder } from './time-series.js'

const request: ObservedRequest = {
  number: 0,
  sessionId: -1,
  tenantId: -1,
  classId: -1,
  priority: 0,
  promptTokens: 10,
  outputTokens: 5,
  cachedTokens: 0,
  pool: 0,
  replica: 0,
  entryReplica: 0,
  arrivalSeconds: 0,
  queuedSeconds: 0,
  startSeconds: 0,
  firstTokenSeconds: 0,
  finishSeconds: 0,
  preemptions: 0,
  transferStartSeconds: NaN,
  transferEndSeconds: NaN,
  outcome: 'completed',
}

const segment: ObservedSegment = {
  pool: 0,
  replica: 0,
  lane: 0,
  startSeconds: 0,
  endSeconds: 0,
  steps: 1,
  seconds: 1,
  growth: 0,
  busySeconds: 0,
  kind: 'decode',
  prefillTokens: 0,
  prefillAttention: 0,
  chunks: 0,
  promptsDone: 0,
  decodes: 0,
  decodeContext: 0,
  firstGapSeconds: 0,
  joined: 0,
  joinedGapsSeconds: 0,
  usedBlocks: 0,
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

describe('TimeSeriesRecorder', () => {
  it('counts each second what happened in it: a run of four seconds by hand', () => {
    const recorder = new TimeSeriesRecorder([{ name: 'mixed', replicas: 2 }])
    // One waits from 0.5 s to 1.5 s and runs to 3 s, decoding one token every half second from 2 s on.
    const load = { pool: 0, replica: 0, lane: 0 }
    recorder.requestArrived({ ...request, arrivalSeconds: 0.5 })
    recorder.loadChanged({
      ...load,
      nowSeconds: 0.5,
      waiting: 1,
      running: 0,
      waitingBefore: 0,
      runningBefore: 0,
    })
    recorder.loadChanged({
      ...load,
      nowSeconds: 1.5,
      waiting: 0,
      running: 1,
      waitingBefore: 1,
      runningBefore: 0,
    })
    recorder.segmentExecuted({
      ...segment,
      kind: 'prefill',
      startSeconds: 1.5,
      endSeconds: 2,
      seconds: 0.5,
      busySeconds: 0.5,
      prefillTokens: 10,
      chunks: 1,
      promptsDone: 1,
    })
    recorder.segmentExecuted({
      ...segment,
      startSeconds: 2,
      endSeconds: 4,
      steps: 4,
      seconds: 0.5,
      busySeconds: 2,
      decodes: 1,
      joined: 1,
      joinedGapsSeconds: 0.5,
    })
    recorder.requestFinished({
      ...request,
      arrivalSeconds: 0.5,
      startSeconds: 1.5,
      firstTokenSeconds: 2,
      finishSeconds: 4,
    })
    recorder.loadChanged({
      ...load,
      nowSeconds: 4,
      waiting: 0,
      running: 0,
      waitingBefore: 0,
      runningBefore: 1,
    })
    // The width is 2^-6 s, too fine for eyes: an end at 256 s makes it half a second.
    recorder.runEnded(256)
    const series = recorder.series()
    expect(series.interval_s).toBe(0.5)
    const firstEight = (values: readonly (number | null)[]): unknown => values.slice(0, 8)
    expect(firstEight(series.arrivals_per_sec)).toEqual([2, 0, 0, 0, 0, 0, 0, 0])
    expect(firstEight(series.completions_per_sec)).toEqual([0, 0, 0, 0, 0, 0, 0, 2])
    expect(firstEight(series.input_tokens_per_sec)).toEqual([0, 0, 0, 20, 0, 0, 0, 0])
    expect(firstEight(series.output_tokens_per_sec)).toEqual([0, 0, 0, 2, 2, 2, 2, 2])
    expect(firstEight(series.first_token_latency.mean)).toEqual([1.5, ...Array<null>(7).fill(null)])
    expect(firstEight(series.inter_token_latency.mean)).toEqual([
      null,
      null,
      null,
      null,
      0.5,
      0.5,
      0.5,
      0.5,
    ])
    const [pool] = series.pools
    expect(firstEight(pool!.waiting)).toEqual([0, 1, 1, 0, 0, 0, 0, 0])
    expect(firstEight(pool!.peak_waiting)).toEqual([1, 1, 1, 0, 0, 0, 0, 0])
    expect(firstEight(pool!.running)).toEqual([0, 0, 0, 1, 1, 1, 1, 1])
    // One of two replicas.
    expect(firstEight(pool!.prefill_utilization)).toEqual([0, 0, 0, 0.5, 0, 0, 0, 0])
    expect(firstEight(pool!.decode_utilization)).toEqual([0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5])
    expect(firstEight(pool!.decode_batch)).toEqual([null, null, null, null, 1, 1, 1, 1])
  })

  it('loses nothing when the intervals double, and keeps to 512', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 60 }),
        (times) => {
          const recorder = new TimeSeriesRecorder([{ name: 'mixed', replicas: 1 }])
          for (const finishSeconds of times) {
            recorder.requestArrived({ ...request, arrivalSeconds: finishSeconds })
            recorder.requestFinished({ ...request, finishSeconds })
          }
          recorder.runEnded(Math.max(...times))
          const series = recorder.series()
          const { interval_s: width, end_s: end } = series
          const total = (rates: readonly number[]): number =>
            sum(rates.map((rate, i) => rate * Math.min(width, end - i * width)))
          expect(series.arrivals_per_sec.length).toBeLessThanOrEqual(512)
          if (end > 0) {
            expect(total(series.arrivals_per_sec)).toBeCloseTo(times.length, 6)
            expect(total(series.completions_per_sec)).toBeCloseTo(times.length, 6)
          }
        },
      ),
      { seed: 1, numRuns: 20 },
    )
  })

  it('gives the same of one segment as of its steps one by one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 1e-4, max: 0.3, noNaN: true }),
        fc.double({ min: 0, max: 1e-3, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        (steps, seconds, growth, decodes) => {
          const whole = new TimeSeriesRecorder([{ name: 'mixed', replicas: 1 }])
          const single = new TimeSeriesRecorder([{ name: 'mixed', replicas: 1 }])
          const startSeconds = 0.123
          const endAfter = (k: number): number =>
            startSeconds + (k * seconds + (growth * k * (k - 1)) / 2)
          whole.segmentExecuted({
            ...segment,
            startSeconds,
            endSeconds: endAfter(steps),
            steps,
            seconds,
            growth,
            busySeconds: endAfter(steps) - startSeconds,
            decodes,
            firstGapSeconds: seconds,
          })
          for (let k = 0; k < steps; k++)
            single.segmentExecuted({
              ...segment,
              startSeconds: endAfter(k),
              endSeconds: endAfter(k + 1),
              seconds: endAfter(k + 1) - endAfter(k),
              busySeconds: endAfter(k + 1) - endAfter(k),
              decodes,
              firstGapSeconds: endAfter(k + 1) - endAfter(k),
            })
          for (const recorder of [whole, single]) recorder.runEnded(endAfter(steps))
          const a = whole.series()
          const b = single.series()
          expect(a.interval_s).toBe(b.interval_s)
          a.output_tokens_per_sec.forEach((rate, i) => {
            expect(rate).toBeCloseTo(b.output_tokens_per_sec[i]!, 6)
          })
          a.pools[0]!.decode_utilization.forEach((share, i) => {
            expect(share).toBeCloseTo(b.pools[0]!.decode_utilization[i]!, 6)
          })
          a.inter_token_latency.mean.forEach((mean, i) => {
            const other = b.inter_token_latency.mean[i]!
            if (mean === null) expect(other).toBeNull()
            else expect(mean).toBeCloseTo(other, 9)
          })
          a.inter_token_latency.p99.forEach((p99, i) => {
            const other = b.inter_token_latency.p99[i]!
            if (p99 !== null) expect(Math.abs(p99 / other - 1)).toBeLessThan(0.04)
          })
        },
      ),
      { seed: 1, numRuns: 30 },
    )
  })
})
