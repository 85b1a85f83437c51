import type { CostModel, PoolSpec, SimulationSpec } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import { simulate } from './simulate.js'
import { sourceOf, type Request } from './testing/listed-source.js'

/** A quarter of a second for each prompt token, half a second for a decode step and 1/64 for each token of all ranks. */
const shared: CostModel = {
  name: 'shared',
  step(work, into) {
    into.seconds = this.breakdown(work).reduce((sum, { seconds }) => sum + seconds, 0)
    into.growth = work.prefillTokens > 0 ? 0 : work.decodes / 1024
    into.horizon = Infinity
  },
  breakdown: (work) =>
    [
      ['own', work.prefillTokens / 4 + (work.decodes > 0 ? 0.5 : 0) + work.decodeContext / 1024],
      ['experts', (work.groupTokens ?? NaN) / 64],
    ].map(([name, seconds]) => ({
      name: name as string,
      seconds: seconds as number,
      flop: 0,
      bytes: 0,
      sentBytes: 0,
      bound: 'compute' as const,
    })),
}

function specification(requests: readonly Request[], fields: Partial<PoolSpec>): SimulationSpec {
  let routed = 0
  const pool: PoolSpec = {
    name: 'pool',
    role: 'mixed',
    replicas: 1,
    devicesPerReplica: 4,
    attentionRanks: 2,
    stages: 1,
    costModel: shared,
    createScheduler: () => ({
      name: 'prompts first',
      plan(view, plan) {
        const slot = view.firstWaiting()
        if (slot !== NO_SLOT) plan.prefill(slot, view.prefillRemaining(slot))
        else {
          plan.decodeAll()
          plan.repeats = Infinity
        }
      },
    }),
    router: { name: 'in turn', route: (_request, pool) => routed++ % pool.replicas },
    memory: { kvBlocks: 100, blockSize: 4, bytesPerBlock: 2 ** 20, staticBytes: 2 ** 30 },
    power: { idleWatts: 0, prefillWatts: 100, decodeWatts: 100 },
    ...fields,
  }
  return {
    pools: [pool],
    source: sourceOf(requests),
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    exactQuantiles: true,
    breakdown: true,
  }
}

/** Runs it both ways, which agree here to the last bit. */
function run(requests: readonly Request[], fields: Partial<PoolSpec> = {}) {
  const result = simulate(specification(requests, fields))
  const stepped = simulate({ ...specification(requests, fields), stepByStep: true })
  expect(stepped).toEqual(result)
  return result
}

it('lets ranks wait for the one with the longest step', () => {
  const result = run([
    [0, 4, 1],
    [0, 12, 1],
  ])
  // Experts of 16 tokens take a quarter of a second; prompts take 1 and 3 seconds.
  expect(result.first_token_latency).toMatchObject({ min: 3.25, max: 3.25 })
  expect(result.pools[0]).toMatchObject({ attention_ranks: 2, devices: 4, replicas: 1 })
  expect(result.pools[0]!.breakdown).toEqual({
    step_s: 6.5,
    operators: { own: 4, experts: 0.5 },
    barrier_s: 2,
    dummy_s: 0,
  })
  expect(result.pools[0]!.per_replica).toHaveLength(2)
})

it('lets a rank without requests go along', () => {
  const result = run([[0, 4, 3]])
  // A prompt of 4 tokens, then decodes with contexts of 5 and 6, and experts of that rank's tokens alone.
  const seconds = [1 + 4 / 64, 0.5 + 5 / 1024 + 1 / 64, 0.5 + 6 / 1024 + 1 / 64]
  const total = seconds.reduce((sum, each) => sum + each, 0)
  expect(result.simulation_time).toBe(total)
  expect(result.pools[0]!.breakdown).toMatchObject({ step_s: total, barrier_s: 0, dummy_s: total })
  expect(result.pools[0]!.per_replica.map(({ utilization }) => utilization)).toEqual([1, 0])
  // Half of the devices work.
  expect(result.xpu_utilization).toBe(0.5)
  expect(result.energy.total_joules).toBe(2 * 100 * total)
})

it('cuts the steps of all ranks when a request comes to an idle one', () => {
  const result = run([
    [0, 4, 100],
    [2, 4, 1],
  ])
  // It waits for the end of the step in which it comes: the second decode step, of 1.0625 + 0.52 + 0.52.
  const boundary = 1 + 4 / 64 + (0.5 + 5 / 1024 + 1 / 64) + (0.5 + 6 / 1024 + 1 / 64)
  expect(result.queue_time.max).toBe(boundary - 2)
})

it('ends a run of steps where another rank becomes the longest', () => {
  // Rank 1 decodes two sequences of short contexts: it grows twice as fast, and overtakes rank 0.
  const requests: Request[] = [
    [0, 200, 60],
    [0, 90, 60],
    [0, 1, 60],
    [0, 90, 60],
  ]
  const result = run(requests)
  expect(result.completed_requests).toBe(4)
  const { breakdown } = result.pools[0]!
  expect(breakdown!.barrier_s).toBeGreaterThan(0)
})

it('shares the stages of a pipeline among the ranks', () => {
  const result = run(
    [
      [0, 4, 1],
      [0, 12, 1],
    ],
    { stages: 2 },
  )
  // One step through both stages: each is idle half of the time, and waits for the longest rank.
  expect(result.first_token_latency).toMatchObject({ min: 3.25, max: 3.25 })
  expect(result.pools[0]!.pipeline).toEqual({ in_flight_s: 6.5, bubble: 0.5 })
  expect(result.pools[0]!.breakdown).toMatchObject({ step_s: 3.25, barrier_s: 1 })
})

it('has fewer bubbles the more batches are in flight', () => {
  const costModel: CostModel = {
    name: 'halves',
    step(_work, into) {
      into.seconds = 0.5
      into.growth = 0
      into.horizon = Infinity
    },
    breakdown: () => [],
  }
  const bubbleOf = (requests: readonly Request[]) =>
    simulate(specification(requests, { stages: 4, attentionRanks: 1, costModel })).pools[0]!
      .pipeline!.bubble
  const alone = bubbleOf([[0, 4, 41]])
  expect(alone).toBe(0.75)
  const two = bubbleOf([
    [0, 4, 41],
    [0, 4, 41],
  ])
  expect(two).toBeGreaterThan(0.48)
  expect(two).toBeLessThan(0.52)
  const four = bubbleOf(Array.from({ length: 4 }, () => [0, 4, 41] as const))
  expect(four).toBeLessThan(0.03)
})
