import type {
  CostModel,
  PoolSpec,
  ReplicaView,
  RequestSource,
  Scheduler,
  SimulationSpec,
  StepPlan,
} from '@llmsim/contracts'
import { isSimulatorError, NO_SLOT, SimulationResult } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'
import { eighths } from './testing/eighths.js'
import { sourceOf, type Request } from './testing/listed-source.js'

/** Takes in whatever fits, first come first served; decodes otherwise, and preempts where it must. */
function eager(view: ReplicaView, plan: StepPlan): void {
  let free = view.freeBlocks
  let prefills = false
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    const remaining = view.prefillRemaining(slot)
    if (remaining === 0) {
      plan.admit(slot)
      continue
    }
    const blocks = view.blocksFor(remaining)
    if (blocks > free) break
    free -= blocks
    plan.prefill(slot, remaining)
    prefills = true
  }
  if (prefills) return
  let needed = view.blocksToDecodeAll
  for (let slot = view.lastRunning(); needed > free; slot = view.previousRunning(slot)) {
    needed -= view.blocksToDecode(slot)
    free += view.heldBlocks(slot)
    plan.preempt(slot)
  }
  plan.decodeAll()
  plan.repeats = free > view.freeBlocks ? 1 : Infinity
}

/** One prompt at a time. */
function single(view: ReplicaView, plan: StepPlan): void {
  const slot = view.firstWaiting()
  if (view.running > 0) plan.decodeAll()
  else if (slot !== NO_SLOT) plan.prefill(slot, view.prefillRemaining(slot))
}

type Plan = (view: ReplicaView, plan: StepPlan) => void

function scheduler(plan: Plan): () => Scheduler {
  return () => ({ name: 'test', plan })
}

function pool(fields: Partial<PoolSpec> = {}): PoolSpec {
  return {
    name: 'pool',
    role: 'mixed',
    replicas: 1,
    devicesPerReplica: 2,
    stages: 1,
    costModel: eighths,
    createScheduler: scheduler(eager),
    router: { name: 'first', route: () => 0 },
    memory: { kvBlocks: 100, blockSize: 4, bytesPerBlock: 2 ** 20, staticBytes: 2 ** 30 },
    power: { idleWatts: 100, prefillWatts: 700, decodeWatts: 400 },
    deviceUsdPerHour: 2,
    ...fields,
  }
}

function memory(kvBlocks: number): PoolSpec['memory'] {
  return { ...pool().memory, kvBlocks }
}

function specification(
  requests: readonly Request[],
  fields: Partial<SimulationSpec> = {},
): SimulationSpec {
  return {
    pools: [pool()],
    source: sourceOf(requests),
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    exactQuantiles: true,
    ...fields,
  }
}

/** Runs it both ways, which agree here to the last bit, and checks the form of the result. */
function run(requests: readonly Request[], fields: Partial<SimulationSpec> = {}): SimulationResult {
  const result = simulate(specification(requests, fields))
  const stepped = simulate({ ...specification(requests, fields), stepByStep: true })
  expect(stepped).toEqual(result)
  return SimulationResult.parse(result)
}

function failure(spec: SimulationSpec): unknown {
  try {
    simulate(spec)
  } catch (error) {
    if (!isSimulatorError(error)) return error
    return { code: error.code, path: error.path, message: error.message }
  }
  return 'no error'
}

describe('simulate, by hand', () => {
  it('follows one request through prefill and decode', () => {
    const result = run([[1, 8, 3]])
    // Prefill from 1 to 2, then decode steps to 2.5 and 3.
    expect(result).toMatchObject({
      total_requests: 1,
      completed_requests: 1,
      rejected_requests: 0,
      unfinished_requests: 0,
      simulation_time: 3,
      measured_window: { start_s: 0, end_s: 3, arrived_requests: 1, completed_requests: 1 },
      throughput: {
        requests_per_sec: 1 / 3,
        tokens_per_sec: 1,
        input_tokens_per_sec: 8 / 3,
        total_tokens_per_sec: 11 / 3,
      },
      first_token_latency: { mean: 1, std: 0, max: 1 },
      end_to_end_latency: { mean: 2 },
      time_per_output_token: { mean: 0.5 },
      inter_token_latency: { mean: 0.5, min: 0.5, max: 0.5, std: 0 },
      queue_time: { max: 0 },
      goodput: null,
      kv_transfer: null,
      littles_law: { mean_in_system: 2 / 3, rate_times_latency: 2 / 3 },
      preemptions: 0,
      warnings: [],
    })
    // 8 tokens in 2 blocks, the ninth and tenth in a third.
    expect(result.kv_cache).toMatchObject({ total_blocks: 100, peak_used_blocks: 3 })
    expect(result.memory.peak_memory_gb).toBe(1 + 3 / 1024)
    expect(result.pools[0]).toMatchObject({ steps: 3, devices: 2, role: 'mixed' })
  })

  it('adds up energy and cost', () => {
    const result = run([[1, 8, 3]])
    // A second each idle, in prefill and in decode, on two devices.
    expect(result.energy).toEqual({
      total_joules: 2 * (100 + 700 + 400),
      joules_per_output_token: 800,
      average_watts: 800,
    })
    expect(result.xpu_utilization).toBe(2 / 3)
    expect(result.pools[0]).toMatchObject({
      utilization: 2 / 3,
      prefill_utilization: 1 / 3,
      decode_utilization: 1 / 3,
      energy_joules: 2400,
    })
    expect(result.cost!.usd_per_hour).toBe(4)
    expect(result.cost!.usd_per_million_tokens).toBeCloseTo(4e6 / 3600, 9)
    const { deviceUsdPerHour: _, ...unpriced } = pool()
    expect(run([[0, 8, 1]], { pools: [unpriced] }).cost).toBeNull()
  })

  it('batches two requests that come together', () => {
    const result = run([
      [0, 8, 3],
      [0, 4, 2],
    ])
    // Both prefilled by 1.5; one is done at 2, the other at 2.5.
    expect(result.first_token_latency).toMatchObject({ min: 1.5, max: 1.5 })
    expect(result.end_to_end_latency).toMatchObject({ min: 2, max: 2.5, mean: 2.25 })
    expect(result.pools[0]!.steps).toBe(3)
    expect(result.simulation_time).toBe(2.5)
  })

  it('takes in a newcomer at the end of the step that runs', () => {
    const result = run([
      [0, 8, 10],
      [2.25, 4, 2],
    ])
    // Steps end at 2 and 2.5; then a prefill to 3, in which the first request stands still.
    expect(result.queue_time).toMatchObject({ min: 0, max: 0.25 })
    expect(result.first_token_latency).toMatchObject({ min: 0.75, max: 1 })
    expect(result.end_to_end_latency).toMatchObject({ min: 1.25, max: 6 })
    expect(result.inter_token_latency).toMatchObject({ min: 0.5, max: 1 })
  })

  it('preempts when blocks run out, and recomputes', () => {
    const result = run(
      [
        [0, 4, 10],
        [0, 4, 10],
      ],
      { pools: [pool({ memory: memory(4) })] },
    )
    // Four decode steps, to 3, fill all blocks. The second request goes, and comes back at 5.5, when
    // the first is done: 9 tokens are computed anew, to 6.625, and four more steps end at 8.625.
    expect(result.preemptions).toBe(1)
    expect(result.pools[0]!.per_replica[0]).toMatchObject({ preemptions: 1, peak_used_blocks: 4 })
    expect(result.end_to_end_latency).toMatchObject({ min: 5.5, max: 8.625 })
    expect(result.first_token_latency.max).toBe(1)
    expect(result.inter_token_latency.max).toBe(3.625)
    expect(result.simulation_time).toBe(8.625)
    // Every token is counted once, and the prompts too.
    expect(result.throughput.tokens_per_sec * 8.625).toBeCloseTo(20, 9)
    expect(result.throughput.input_tokens_per_sec * 8.625).toBeCloseTo(8, 9)
  })

  it('rejects what can never fit, and serves what just fits', () => {
    const result = run(
      [
        [0, 10, 7],
        [1, 10, 8],
        [1, 1, 1],
      ],
      { pools: [pool({ memory: memory(4) })] },
    )
    expect(result).toMatchObject({
      total_requests: 3,
      completed_requests: 2,
      rejected_requests: 1,
      unfinished_requests: 0,
    })
    expect(result.warnings).toEqual([
      '1 requests were rejected: their KV cache can never fit a replica',
    ])
  })

  it('cuts off at the end of the drain, and counts what had not finished', () => {
    const result = run(
      [
        [0, 8, 100],
        [1.75, 8, 100],
        [2, 8, 100],
        [2.5, 8, 100],
      ],
      {
        durationSeconds: 2,
        drainSeconds: 1.25,
        pools: [pool({ createScheduler: scheduler(single) })],
      },
    )
    // Three arrive by the end; the first token comes at 1, and one each half second after it.
    expect(result).toMatchObject({
      total_requests: 3,
      completed_requests: 0,
      unfinished_requests: 3,
      simulation_time: 3.25,
      xpu_utilization: 1,
      throughput: { tokens_per_sec: 1.5, requests_per_sec: 0 },
      warnings: ['3 requests had not finished when the drain ended'],
    })
    // A second of prefill and 2.25 of decode, for the 5 tokens by 3.
    expect(result.energy.total_joules).toBe(2 * (700 + 2.25 * 400))
    expect(result.energy.joules_per_output_token).toBe((2 * (700 + 2.25 * 400)) / 5)
    expect(result.littles_law.mean_in_system).toBe((3.25 + 1.5 + 1.25) / 3.25)
    expect(result.end_to_end_latency.mean).toBeNull()
  })

  it('measures inside its window', () => {
    const result = run(
      [
        [0, 8, 4],
        [3, 8, 3],
      ],
      { warmUpSeconds: 1.75, durationSeconds: 4 },
    )
    // The first request has tokens at 1, 1.5, 2 and 2.5, the second one at 4, 4.5 and 5.
    expect(result.measured_window).toEqual({
      start_s: 1.75,
      end_s: 4,
      arrived_requests: 1,
      completed_requests: 1,
    })
    expect(result.throughput).toEqual({
      requests_per_sec: 1 / 2.25,
      tokens_per_sec: 3 / 2.25,
      input_tokens_per_sec: 8 / 2.25,
      total_tokens_per_sec: 11 / 2.25,
    })
    expect(result.end_to_end_latency).toMatchObject({ min: 2, max: 2 })
    expect(result.inter_token_latency).toMatchObject({ min: 0.5, max: 0.5 })
    expect(result.xpu_utilization).toBe(1.75 / 2.25)
    expect(result.pools[0]).toMatchObject({
      prefill_utilization: 1 / 2.25,
      decode_utilization: 0.75 / 2.25,
    })
    expect(result.completed_requests).toBe(2)
    expect(result.simulation_time).toBe(5)
  })

  it('ends its window with the last event where the traffic ends before', () => {
    const result = run([[0, 8, 1]], { durationSeconds: 100 })
    expect(result.measured_window).toMatchObject({ start_s: 0, end_s: 1 })
    expect(result.throughput.requests_per_sec).toBe(1)
  })

  it('counts as good what meets the objectives', () => {
    const requests: Request[] = [
      [0, 8, 3],
      [0.5, 8, 3],
    ]
    // First tokens at 1 and 2: 1 and 1.5 s after the arrivals.
    const result = run(requests, { objectives: { ttftSeconds: 1.25 } })
    expect(result.goodput).toEqual({
      requests_per_sec: 1 / result.simulation_time,
      attainment: 0.5,
    })
    expect(run(requests, { objectives: {} }).goodput!.attainment).toBe(1)
  })

  it('is empty without requests', () => {
    const result = run([])
    expect(result).toMatchObject({ total_requests: 0, simulation_time: 0, xpu_utilization: 0 })
    expect(result.throughput.requests_per_sec).toBe(0)
    expect(result.energy.average_watts).toBe(0)
    expect(result.cost!.usd_per_million_tokens).toBeNull()
  })

  it('stops after the requests that it may serve', () => {
    expect(
      run(
        [
          [0, 8, 1],
          [0, 8, 1],
          [9, 8, 1],
        ],
        { maxRequests: 2 },
      ),
    ).toMatchObject({
      total_requests: 2,
      simulation_time: 2,
    })
  })

  it('keeps as many requests in the system as a closed loop has', () => {
    // Arrival times are not read: these run backwards.
    const requests = Array.from({ length: 21 }, (_, i): Request => [100 - i, 8, 1])
    const result = run(requests, { concurrency: 3 })
    // Seven batches of three, three seconds each.
    expect(result.simulation_time).toBe(21)
    expect(result.littles_law.mean_in_system).toBe(3)
    expect(result.end_to_end_latency).toMatchObject({ min: 3, max: 3 })
    expect(result.completed_requests).toBe(21)
  })

  it('replaces a rejected request of a closed loop at once', () => {
    const result = run(
      [
        [0, 999, 1],
        [0, 8, 1],
        [0, 999, 1],
        [0, 8, 1],
        [0, 8, 1],
      ],
      {
        concurrency: 2,
      },
    )
    expect(result).toMatchObject({
      rejected_requests: 2,
      completed_requests: 3,
      simulation_time: 3,
    })
  })

  it('says when more arrives than is served', () => {
    // A request each second, each taking two alone.
    const requests = Array.from({ length: 60 }, (_, second): Request => [second, 8, 3])
    const pools = [pool({ createScheduler: scheduler(single) })]
    const { warnings } = run(requests, { pools, durationSeconds: 50 })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^overloaded: 1\.0\d requests\/s arrived and 0\.\d+ were completed/)
  })

  it('gives up on a closed loop whose every request is refused', () => {
    const endless: RequestSource = {
      next(into) {
        Object.assign(into, { promptTokens: 1000, outputTokens: 1 })
        return true
      },
    }
    expect(failure(specification([], { source: endless, concurrency: 2 }))).toMatchObject({
      code: 'DOES_NOT_FIT',
      path: 'workload',
    })
  })

  it('lets replicas whose steps end together act in their order, stepping or not', () => {
    // Two closed-loop requests finish and step at the same instants on two replicas.
    const routes = [0, 1, 0]
    const fields = (): Partial<SimulationSpec> => {
      let routed = 0
      return {
        pools: [
          pool({
            replicas: 2,
            createScheduler: scheduler((view, plan) => {
              const slot = view.firstWaiting()
              if (slot !== NO_SLOT) plan.prefill(slot, view.prefillRemaining(slot))
              else plan.decodeAll()
              plan.repeats = Infinity
            }),
            router: { name: 'in-turn', route: () => routes[routed++] ?? 0 },
          }),
        ],
        concurrency: 2,
      }
    }
    const requests: Request[] = [
      [0, 8, 9],
      [0, 8, 5],
      [0, 8, 3],
    ]
    const jumped = simulate(specification(requests, fields()))
    const stepped = simulate({ ...specification(requests, fields()), stepByStep: true })
    expect(jumped).toEqual(stepped)
  })

  it('sends no successor after the end of a closed loop', () => {
    const requests = Array.from({ length: 21 }, (): Request => [0, 8, 1])
    const result = run(requests, { concurrency: 1, durationSeconds: 4.5 })
    expect(result).toMatchObject({ total_requests: 5, completed_requests: 5, simulation_time: 5 })
  })

  it('fills a pipeline with as many batches as it has stages', () => {
    const requests = Array.from({ length: 10 }, (): Request => [0, 8, 1])
    const time = (stages: number, concurrency?: number): number => {
      const pools = [pool({ stages, createScheduler: scheduler(single) })]
      return run(requests, { pools, ...(concurrency === undefined ? {} : { concurrency }) })
        .simulation_time
    }
    expect(time(1)).toBe(10)
    // One batch in flight: a stage works while the other waits.
    expect(time(2, 1)).toBe(10)
    // Two: a batch leaves each half second, the first one after a second.
    expect(time(2, 2)).toBe(5.5)
    expect(time(2)).toBe(5.5)
    expect(time(4, 4)).toBe(3.25)
  })

  it('counts the time that a stage works as busy', () => {
    const requests = Array.from({ length: 10 }, (): Request => [0, 8, 1])
    const pools = [pool({ stages: 2, createScheduler: scheduler(single) })]
    const full = run(requests, { pools })
    expect(full.xpu_utilization).toBe(5 / 5.5)
    expect(run(requests, { pools, concurrency: 1 }).xpu_utilization).toBe(0.5)
  })

  it('routes to the replica that the router names', () => {
    let turn = 0
    const route = (): number => turn++ % 3
    const requests = Array.from({ length: 7 }, (): Request => [0, 8, 1])
    const pools = [pool({ replicas: 3, router: { name: 'turns', route } })]
    const result = simulate(specification(requests, { pools }))
    expect(result.pools[0]!.per_replica.map((each) => each.requests)).toEqual([3, 2, 2])
    expect(result.simulation_time).toBe(3)
    expect(result.xpu_utilization).toBeCloseTo(7 / 9, 12)
    // Three replicas of two devices at 2 dollars an hour.
    expect(result.cost!.usd_per_hour).toBe(12)
  })
})

describe('simulate with a prefill and a decode pool', () => {
  /** A byte a token over 8 bytes a second, and a quarter of a second of latency. */
  const kvTransfer = { bandwidthBytesPerSecond: 8, bytesPerToken: 1, latencySeconds: 0.25 }
  const pools = (prefillBlocks: number, decodeBlocks: number): PoolSpec[] => [
    pool({ name: 'p', role: 'prefill', memory: memory(prefillBlocks) }),
    pool({ name: 'd', role: 'decode', memory: memory(decodeBlocks) }),
  ]

  it('sends one KV cache after another over the link', () => {
    const result = run(
      [
        [0, 8, 2],
        [0, 8, 2],
      ],
      { pools: pools(4, 100), kvTransfer },
    )
    // Both prompts are done at 2; the caches are there at 3.25 and 4.25, the last tokens half a
    // second later.
    expect(result.first_token_latency).toMatchObject({ min: 2, max: 2 })
    expect(result.kv_transfer).toMatchObject({
      transfers: 2,
      bytes: 16,
      time: { min: 1.25, max: 2.25 },
      link_utilization: 2 / 4.75,
    })
    expect(result.inter_token_latency).toMatchObject({ min: 1.75, max: 2.75 })
    expect(result.end_to_end_latency).toMatchObject({ min: 3.75, max: 4.75 })
    expect(result.pools.map((each) => each.steps)).toEqual([1, 2])
    expect(result.pools[0]).toMatchObject({ decode_utilization: 0, prefill_utilization: 2 / 4.75 })
  })

  it('holds KV memory at the prefill replica until the transfer ends', () => {
    const requests: Request[] = [
      [0, 8, 2],
      [0, 8, 2],
      [0.5, 8, 2],
    ]
    const result = run(requests, { pools: pools(4, 100), kvTransfer })
    // All 4 blocks are held until the first cache is over, at 3.25: then the third prompt starts.
    // It is done at 4.25, its cache there at 5.5 and its last token at 6.
    expect(result.queue_time.max).toBe(2.75)
    expect(result.first_token_latency.max).toBe(3.75)
    expect(result.end_to_end_latency.max).toBe(5.5)
    expect(result.simulation_time).toBe(6)
    expect(result.pools[0]!.kv_cache.peak_used_blocks).toBe(4)
  })

  it('keeps a cache back while the decode replica has no room for it', () => {
    const result = run(
      [
        [0, 8, 2],
        [0, 8, 2],
      ],
      { pools: pools(100, 4), kvTransfer },
    )
    // 2 blocks and a free one: the second has to wait until the first request is done, at 3.75. Its
    // cache is there at 5.
    expect(result.kv_transfer!.time).toMatchObject({ min: 1.25, max: 3 })
    expect(result.simulation_time).toBe(5.5)
    expect(result.pools[1]!.kv_cache.peak_used_blocks).toBe(3)
  })

  it('reserves KV memory at the decode replica from the start of the transfer', () => {
    // A transfer of 100 s, so that nothing decodes yet when the run is cut off.
    const slow = { ...kvTransfer, bandwidthBytesPerSecond: 0.08 }
    const result = run([[0, 8, 2]], {
      pools: pools(100, 100),
      kvTransfer: slow,
      durationSeconds: 5,
      drainSeconds: 0,
    })
    expect(result.pools.map((each) => each.kv_cache.peak_used_blocks)).toEqual([2, 2])
    expect(result.unfinished_requests).toBe(1)
    expect(result.kv_transfer).toMatchObject({ transfers: 1, link_utilization: 4 / 5 })
  })

  it('does not transfer a request of one token', () => {
    const result = run([[0, 8, 1]], { pools: pools(4, 4), kvTransfer })
    expect(result.kv_transfer).toMatchObject({ transfers: 0, time: { mean: null } })
    expect(result.simulation_time).toBe(1)
  })

  it('rejects what fits only one of the pools', () => {
    // 13 tokens need 4 blocks, and the decode pool keeps one free.
    expect(run([[0, 8, 6]], { pools: pools(4, 4), kvTransfer }).rejected_requests).toBe(1)
    expect(run([[0, 8, 5]], { pools: pools(4, 4), kvTransfer }).rejected_requests).toBe(0)
    expect(run([[0, 17, 2]], { pools: pools(4, 99), kvTransfer }).rejected_requests).toBe(1)
  })

  it('recomputes on the decode replica what is preempted there', () => {
    const result = run(
      [
        [0, 4, 10],
        [0, 4, 10],
      ],
      { pools: pools(100, 5), kvTransfer },
    )
    expect(result.completed_requests).toBe(2)
    expect(result.pools[1]!.preemptions).toBe(1)
    expect(result.pools[1]!.prefill_utilization).toBeGreaterThan(0)
    expect(result.kv_transfer!.transfers).toBe(2)
  })
})

describe('simulate, with a scheduler that breaks its contract', () => {
  const first = (view: ReplicaView): number => view.firstWaiting()
  /** Prefills all in the first step and goes on with `then`. */
  const after =
    (then: Plan): Plan =>
    (view, plan) => {
      if (view.decoding === 0) eager(view, plan)
      else then(view, plan)
    }
  const cases: Record<string, [Plan, RegExp]> = {
    'prefills more than the blocks hold': [
      (view, plan) => {
        for (let slot = first(view); slot !== NO_SLOT; slot = view.nextWaiting(slot))
          plan.prefill(slot, 6)
      },
      /its plan needs 6 KV blocks of 4/,
    ],
    'decodes where no block is free': [
      after((_view, plan) => {
        plan.decodeAll()
        plan.repeats = Infinity
      }),
      /its plan needs 6 KV blocks of 4/,
    ],
    'prefills more tokens than are left': [
      (view, plan) => {
        plan.prefill(first(view), view.prefillRemaining(first(view)) + 1)
      },
      /prefills 7 tokens of a request that has not as many left/,
    ],
    'plans for no steps': [
      after((_view, plan) => {
        plan.decodeAll()
        plan.repeats = 0
      }),
      /plans for no steps/,
    ],
    'plans for a number of steps that is none': [
      after((_view, plan) => {
        plan.decodeAll()
        plan.repeats = NaN
      }),
      /plans for no steps/,
    ],
    'plans asynchronously': [() => Promise.reject(new Error('too late')), /plans asynchronously/],
    'prefills no token': [
      (view, plan) => {
        plan.prefill(first(view), 0)
      },
      /prefills 0 tokens/,
    ],
    'prefills a negative number of tokens': [
      (view, plan) => {
        plan.prefill(first(view), -1)
      },
      /prefills -1 tokens/,
    ],
    'prefills half a token': [
      (view, plan) => {
        plan.prefill(first(view), 0.5)
      },
      /prefills 0 tokens/,
    ],
    'prefills a request twice in a step': [
      (view, plan) => {
        plan.prefill(first(view), 1)
        plan.prefill(first(view), 1)
      },
      /prefills a request twice in a step/,
    ],
    'prefills one that decodes': [
      after((view, plan) => {
        plan.prefill(view.firstRunning(), 1)
      }),
      /prefills 1 tokens of a request that has not as many left/,
    ],
    'prefills a request that is not there': [
      (_view, plan) => {
        plan.prefill(200, 1)
      },
      /prefills 1 tokens of a request that has not as many left/,
    ],
    'prefills no request': [
      (_view, plan) => {
        plan.prefill(NO_SLOT, 1)
      },
      /prefills 1 tokens of a request that has not as many left/,
    ],
    'admits one that has prompt left': [
      (view, plan) => {
        plan.admit(first(view))
      },
      /admitted a request that has prompt left or does not wait/,
    ],
    'admits one that runs': [
      after((view, plan) => {
        plan.admit(view.firstRunning())
      }),
      /admitted a request that has prompt left or does not wait/,
    ],
    'admits one that is not there': [
      (_view, plan) => {
        plan.admit(100_000)
      },
      /admitted a request that has prompt left or does not wait/,
    ],
    'decodes a request twice': [
      after((view, plan) => {
        plan.decode(view.firstRunning())
        plan.decode(view.firstRunning())
      }),
      /decodes a request twice/,
    ],
    'decodes one that waits': [
      (view, plan) => {
        plan.decode(first(view))
      },
      /one that has no complete prompt/,
    ],
    'preempts one that waits': [
      (view, plan) => {
        plan.preempt(first(view))
      },
      /preempted a request that does not run/,
    ],
    'preempts a request twice': [
      after((view, plan) => {
        plan.preempt(view.firstRunning())
        plan.preempt(view.firstRunning())
      }),
      /preempted a request that does not run/,
    ],
    'preempts one that is not there': [
      (_view, plan) => {
        plan.preempt(NO_SLOT)
      },
      /preempted a request that does not run/,
    ],
    'never plans': [() => {}, /left 3 requests unserved: nothing will wake it/],
    'stops planning': [after(() => {}), /left 3 requests unserved/],
    'wants to be asked again in the past': [
      (view, plan) => {
        plan.reviewAtSeconds = view.nowSeconds
      },
      /neither plans work nor waits/,
    ],
    'wants to be asked again at no time': [
      (_view, plan) => {
        plan.reviewAtSeconds = NaN
      },
      /neither plans work nor waits/,
    ],
  }

  it.each(Object.entries(cases))('that %s', (_what, [plan, message]) => {
    // 2 blocks each, of 4: all are taken by two prompts.
    const requests = Array.from({ length: 3 }, (): Request => [0, 6, 8])
    const pools = [pool({ memory: memory(4), createScheduler: scheduler(plan) })]
    expect(failure(specification(requests, { pools }))).toMatchObject({
      code: 'CONTRACT',
      path: 'scheduler test',
      message: expect.stringMatching(message),
    })
  })

  it.each([2.5, 1e300])('serves every token though it repeats %d times', (repeats) => {
    const careless: Plan = (view, plan) => {
      eager(view, plan)
      plan.repeats = repeats
    }
    const pools = [pool({ createScheduler: scheduler(careless) })]
    const result = run(
      [
        [0, 8, 12],
        [3, 8, 9],
      ],
      { pools },
    )
    expect(result.completed_requests).toBe(2)
    expect(result.throughput.tokens_per_sec * result.simulation_time).toBeCloseTo(21, 9)
  })
})

describe('simulate, with a router or cost model that breaks its contract', () => {
  it.each([-1, 2, 0.5, NaN, Infinity])('refuses replica %d of two', (chosen) => {
    const pools = [pool({ replicas: 2, router: { name: 'lost', route: () => chosen } })]
    expect(failure(specification([[0, 8, 1]], { pools }))).toMatchObject({
      code: 'CONTRACT',
      path: 'router lost',
      message: expect.stringContaining('accepted: a whole number from 0 to 1'),
    })
  })

  it.each([
    { seconds: 0 },
    { seconds: -1 },
    { seconds: NaN },
    { seconds: Infinity },
    { growth: NaN },
    { growth: -0.001 },
    { growth: Infinity },
  ])('refuses a step of %o', (fault) => {
    const broken: CostModel = {
      name: 'broken',
      step(work, into) {
        Object.assign(into, { seconds: 0.5, growth: 0, horizon: Infinity })
        if (work.decodes > 0) Object.assign(into, fault)
      },
      breakdown: () => [],
    }
    expect(
      failure(specification([[0, 8, 9]], { pools: [pool({ costModel: broken })] })),
    ).toMatchObject({ code: 'CONTRACT', path: 'cost model broken' })
  })
})

describe('simulate, with a cost line', () => {
  it.each([NaN, 0, 1, 2.5, Infinity])('serves every token, with a horizon of %d', (horizon) => {
    const line: CostModel = {
      name: 'line',
      step(work, into) {
        into.seconds = 1 + work.decodeContext / 64
        into.growth = work.decodes / 64
        into.horizon = horizon
      },
      breakdown: () => [],
    }
    const requests: Request[] = [
      [0, 8, 20],
      [9, 8, 5],
    ]
    const result = run(requests, { pools: [pool({ costModel: line })] })
    expect(result.throughput.tokens_per_sec * result.simulation_time).toBeCloseTo(25, 9)
    // A prefill, and steps over contexts of 9 to 27 tokens.
    const alone = run(requests.slice(0, 1), { pools: [pool({ costModel: line })] })
    expect(alone.end_to_end_latency.max).toBe(1 + 19 + (19 * 18) / 64)
  })
})

describe('simulate, with a specification that it cannot run', () => {
  const mixed = pool()
  const pair = [pool({ role: 'prefill' }), pool({ role: 'decode' })]
  const link = { bandwidthBytesPerSecond: 1, bytesPerToken: 1, latencySeconds: 0 }
  const refused: [string, string, Partial<SimulationSpec>][] = [
    ['pools', 'CONFLICT', { pools: [] }],
    ['pools', 'CONFLICT', { pools: [mixed, pool({ role: 'prefill' })] }],
    ['pools', 'CONFLICT', { pools: [pool({ role: 'decode' })] }],
    ['kvTransfer', 'CONFLICT', { pools: pair }],
    ...[0, 1.5, NaN, -1].flatMap((n): [string, string, Partial<SimulationSpec>][] => [
      ['pools[0].replicas', 'INVALID_VALUE', { pools: [pool({ replicas: n })] }],
      ['pools[0].devicesPerReplica', 'INVALID_VALUE', { pools: [pool({ devicesPerReplica: n })] }],
      ['pools[0].stages', 'INVALID_VALUE', { pools: [pool({ stages: n })] }],
      ['pools[0].memory.kvBlocks', 'INVALID_VALUE', { pools: [pool({ memory: memory(n) })] }],
      [
        'pools[0].memory.blockSize',
        'INVALID_VALUE',
        { pools: [pool({ memory: { ...memory(9), blockSize: n } })] },
      ],
      ['concurrency', 'INVALID_VALUE', { concurrency: n }],
      ['maxRequests', 'INVALID_VALUE', { maxRequests: n }],
    ]),
    ...[0, -1, NaN, Infinity].flatMap((n): [string, string, Partial<SimulationSpec>][] => [
      [
        'kvTransfer.bandwidthBytesPerSecond',
        'INVALID_VALUE',
        { pools: pair, kvTransfer: { ...link, bandwidthBytesPerSecond: n } },
      ],
      [
        'kvTransfer.bytesPerToken',
        'INVALID_VALUE',
        { pools: pair, kvTransfer: { ...link, bytesPerToken: n } },
      ],
    ]),
    ...[-1, NaN, Infinity].map((n): [string, string, Partial<SimulationSpec>] => [
      'kvTransfer.latencySeconds',
      'INVALID_VALUE',
      { pools: pair, kvTransfer: { ...link, latencySeconds: n } },
    ]),
    ['durationSeconds', 'INVALID_VALUE', { durationSeconds: 0 }],
    ['durationSeconds', 'INVALID_VALUE', { durationSeconds: NaN }],
    ['warmUpSeconds', 'INVALID_VALUE', { warmUpSeconds: -1 }],
    ['warmUpSeconds', 'INVALID_VALUE', { warmUpSeconds: NaN }],
    ['warmUpSeconds', 'CONFLICT', { warmUpSeconds: 5, durationSeconds: 5 }],
    ['warmUpSeconds', 'CONFLICT', { warmUpSeconds: Infinity }],
    ['drainSeconds', 'INVALID_VALUE', { drainSeconds: -1 }],
    ['drainSeconds', 'INVALID_VALUE', { drainSeconds: NaN }],
  ]

  it.each(refused)('names %s, %s', (path, code, fields) => {
    expect(failure(specification([[0, 1, 1]], fields))).toMatchObject({ code, path })
  })

  it.each([
    ['arrivalSeconds', [0.5, 1, 1]],
    ['arrivalSeconds', [NaN, 1, 1]],
    ['arrivalSeconds', [Infinity, 1, 1]],
    ['promptTokens', [2, 0, 1]],
    ['promptTokens', [2, 1.5, 1]],
    ['promptTokens', [2, NaN, 1]],
    ['promptTokens', [2, 2 ** 31, 1]],
    ['outputTokens', [2, 1, 0]],
    ['outputTokens', [2, 1, -3]],
    ['outputTokens', [2, 1, Infinity]],
  ] as const)('names the %s of a second request of %j', (field, request) => {
    expect(failure(specification([[1, 1, 1], request]))).toMatchObject({
      code: 'INVALID_VALUE',
      path: `workload.request[1].${field}`,
    })
  })
})
