import type { CostModel, PoolSpec, RequestSource, SimulationSpec } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'

/** Arrival in seconds, prompt tokens, output tokens, class, tenant. */
type Request = readonly [number, number, number, number, number]

function sourceOf(requests: readonly Request[]): RequestSource {
  let index = 0
  return {
    next(into) {
      const request = requests[index++]
      if (request === undefined) return false
      const [arrivalSeconds, promptTokens, outputTokens, classId, tenantId] = request
      Object.assign(into, { arrivalSeconds, promptTokens, outputTokens, classId, tenantId })
      into.sessionId = -1
      into.priority = 0
      return true
    },
  }
}

/** An eighth of a second for each prompt token, half a second for a decode step: exact in binary. */
const eighths: CostModel = {
  name: 'eighths',
  step(work, into) {
    into.seconds = work.prefillTokens * 0.125 + (work.decodes > 0 ? 0.5 : 0)
    into.growth = 0
    into.horizon = Infinity
  },
  breakdown: (work) => [
    {
      name: 'prefill',
      seconds: work.prefillTokens * 0.125,
      flop: work.prefillTokens * 100,
      bytes: 0,
      sentBytes: 0,
      bound: 'compute',
    },
    {
      name: 'decode',
      seconds: work.decodes > 0 ? 0.5 : 0,
      flop: 0,
      bytes: work.decodes > 0 ? 400 : 0,
      sentBytes: 0,
      bound: 'memory',
    },
  ],
}

/** One request after another, each to its end. */
const oneByOne: PoolSpec = {
  name: 'pool',
  role: 'mixed',
  replicas: 1,
  devicesPerReplica: 1,
  stages: 1,
  costModel: eighths,
  createScheduler: () => ({
    name: 'one-by-one',
    plan(view, plan) {
      const waiting = view.firstWaiting()
      if (view.running > 0) {
        plan.decodeAll()
        plan.repeats = Infinity
        plan.ignoresArrivals = true
      } else if (waiting !== NO_SLOT) plan.prefill(waiting, view.prefillRemaining(waiting))
    },
  }),
  router: { name: 'first', route: () => 0 },
  memory: { kvBlocks: 100, blockSize: 4, bytesPerBlock: 2 ** 20, staticBytes: 2 ** 30 },
  power: { idleWatts: 100, prefillWatts: 700, decodeWatts: 400 },
  devicePeak: { flopPerSecond: 1600, bytesPerSecond: 3200 },
}

const classes = [
  { name: 'short', objectives: { ttftSeconds: 1 } },
  { name: 'long', objectives: { e2eSeconds: 4 } },
]

/**
 * By hand. Prefill takes 1 s for 8 tokens, each later token 0.5 s:
 *
 * - 0 (short, a): comes at 0, first token at 1, done at 2 (3 tokens);
 * - 1 (long, b): comes at 0, waits until 2, first token at 4 (16 tokens), done at 5 (3 tokens);
 * - 2 (short, a): comes at 8, first token at 9, done at 9 (1 token);
 * - 3 (long, a): comes at 10, first token at 12, done at 14 (5 tokens).
 */
const requests: readonly Request[] = [
  [0, 8, 3, 0, 0],
  [0, 16, 3, 1, 1],
  [8, 8, 1, 0, 0],
  [10, 16, 5, 1, 0],
]

const spec = (): SimulationSpec => ({
  pools: [oneByOne],
  source: sourceOf(requests),
  durationSeconds: 16,
  warmUpSeconds: 0,
  exactQuantiles: true,
  classes,
  tenants: ['a', 'b'],
  objectives: {
    tpotSeconds: 0.1,
    percentiles: [
      { metric: 'ttft', quantile: 0.5, limitSeconds: 1 },
      { metric: 'ttft', quantile: 0.99, limitSeconds: 3.5 },
    ],
  },
})

describe.each([false, true])('the parts of a run, by hand (step by step: %s)', (stepByStep) => {
  const result = simulate({ ...spec(), stepByStep })

  it('gives each class latencies of its own', () => {
    const [short, long] = result.classes!
    expect(short).toMatchObject({
      name: 'short',
      arrived_requests: 2,
      completed_requests: 2,
      first_token_latency: { mean: 1, min: 1, max: 1, p999: 1 },
      end_to_end_latency: { mean: 1.5, min: 1, max: 2 },
      time_per_output_token: { mean: 0.5, max: 0.5 },
      inter_token_latency: { mean: 0.5 },
      queue_time: { mean: 0, max: 0 },
    })
    expect(long).toMatchObject({
      name: 'long',
      first_token_latency: { mean: 3, min: 2, max: 4 },
      end_to_end_latency: { mean: 4.5, min: 4, max: 5 },
      queue_time: { mean: 1, max: 2 },
    })
  })

  it('counts as good what meets the limits of its class, which stand in place of those of the run', () => {
    // Both short ones have their first token within 1 s; of the long ones only the last is done within 4 s.
    expect(result.goodput).toEqual({ requests_per_sec: 3 / 14, attainment: 3 / 4 })
    expect(result.classes!.map(({ goodput }) => goodput)).toEqual([
      { requests_per_sec: 2 / 14, attainment: 1 },
      { requests_per_sec: 1 / 14, attainment: 1 / 2 },
    ])
    expect(result.tenants!.map(({ goodput }) => goodput)).toEqual([
      { requests_per_sec: 3 / 14, attainment: 1 },
      { requests_per_sec: 0, attainment: 0 },
    ])
  })

  it('says which objectives were met', () => {
    const ttft = { metric: 'ttft', attainment: null }
    expect(result.objectives).toEqual([
      // No request is of no class.
      { metric: 'tpot', quantile: null, limit_s: 0.1, value_s: null, attainment: 1, met: true },
      { ...ttft, quantile: 0.5, limit_s: 1, value_s: 1, met: true },
      { ...ttft, quantile: 0.99, limit_s: 3.5, value_s: 4, met: false },
    ])
    expect(result.classes![1]!.objectives).toEqual([
      { metric: 'e2e', quantile: null, limit_s: 4, value_s: null, attainment: 0.5, met: false },
    ])
  })

  it('counts what each tenant got', () => {
    const [a, b] = result.tenants!
    expect([a!.completed_requests, b!.completed_requests]).toEqual([3, 1])
    expect(a!.throughput.tokens_per_sec).toBe(9 / 14)
    expect(b!.throughput.tokens_per_sec).toBe(3 / 14)
    // Tokens of a: 11 + 9 + 21 = 41, of b: 19. Jain: 60^2 / (2 * (41^2 + 19^2)) = 3600 / 4084.
    expect(result.fairness!.service_jain_index).toBeCloseTo(3600 / 4084, 12)
    // E2E over output tokens of a: (2/3 + 1/1 + 4/5) / 3 = 37/45, of b: 5/3 = 75/45.
    const [x, y] = [37 / 45, 75 / 45]
    expect(result.fairness!.normalized_latency_jain_index).toBeCloseTo(
      (x + y) ** 2 / (2 * (x ** 2 + y ** 2)),
      12,
    )
  })

  it('divides the time among what took it', () => {
    // 6 s of prefill, 4 s of decode, 4 s of nothing: the run ends at 14 s.
    expect(result.utilization!.compute).toBeCloseTo(6 / 14, 12)
    expect(result.utilization!.memory).toBeCloseTo(4 / 14, 12)
    expect(result.utilization!.idle).toBeCloseTo(4 / 14, 12)
    // 800 FLOP/s while it prefills, 800 bytes/s while it decodes.
    expect(result.mfu).toBeCloseTo((6 / 14) * (800 / 1600), 12)
    expect(result.mbu).toBeCloseTo((4 / 14) * (800 / 3200), 12)
    expect(result.pools[0]!.batch).toEqual({
      mean_decodes: 1,
      peak_decodes: 1,
      mean_prefill_tokens: 12,
      peak_prefill_tokens: 16,
    })
  })
})

describe('the verdict', () => {
  const verdict = (gap: number, fields: Partial<SimulationSpec> = {}) =>
    simulate({
      ...spec(),
      durationSeconds: Infinity,
      // Each takes 2 s of service.
      source: sourceOf(Array.from({ length: 200 }, (_, i) => [i * gap, 8, 3, -1, -1])),
      ...fields,
    }).verdict!.state

  it('is stable where nobody waits for long', () => {
    expect(verdict(2.5)).toBe('stable')
  })

  it('is overloaded where each waits longer than the one before', () => {
    expect(verdict(1.5)).toBe('overloaded')
  })

  it('is overloaded where many are turned away, so that the others need not wait', () => {
    const admitting = (every: number): Partial<SimulationSpec> => {
      let asked = 0
      return {
        admission: { name: 'most', admit: () => (++asked % every === 0 ? 'enough' : true) },
      }
    }
    expect(verdict(2.5, admitting(4))).toBe('overloaded')
    expect(verdict(2.5, admitting(40))).toBe('stable')
  })

  it('is backlogged where requests wait longer than they are served, and no longer than before', () => {
    // Twenty at once every 40 s: each of them waits for those before it.
    const bursts = Array.from({ length: 200 }, (_, i): Request => [
      Math.floor(i / 20) * 41,
      8,
      3,
      -1,
      -1,
    ])
    expect(verdict(0, { source: sourceOf(bursts) })).toBe('backlogged')
    expect(verdict(0, { concurrency: 10 })).toBe('backlogged')
  })
})
