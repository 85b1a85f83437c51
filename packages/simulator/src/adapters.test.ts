import type {
  AdapterSlotsSpec,
  CostModel,
  ObservedRequest,
  PoolSpec,
  RequestSource,
  Scheduler,
  SimulationSpec,
} from '@llmsim/contracts'
import { isSimulatorError, NO_SLOT } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'

/** Arrival in seconds, prompt tokens, output tokens, adapter. */
type Request = readonly [number, number, number, number]

function sourceOf(requests: readonly Request[]): RequestSource {
  let index = 0
  return {
    next(into) {
      const request = requests[index++]
      if (request === undefined) return false
      ;[into.arrivalSeconds, into.promptTokens, into.outputTokens, into.adapterId] = request
      into.sessionId = -1
      into.priority = 0
      return true
    },
  }
}

/** A second for each step; of adapters an eighth for each rank, and a sixteenth for each token and rank. */
const costModel: CostModel = {
  name: 'adapters',
  step({ adapters }, into) {
    into.seconds = 1
    if (adapters !== undefined)
      into.seconds += adapters.ranks / 8 + (adapters.prefillRanks + adapters.decodeRanks) / 16
    into.growth = 0
    into.horizon = Infinity
  },
  breakdown: () => [],
}

/** Everything that waits, and all that runs, at each step. */
function everything(): Scheduler {
  return {
    name: 'everything',
    plan(view, plan) {
      for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot))
        plan.prefill(slot, view.prefillRemaining(slot))
      plan.decodeAll()
    },
  }
}

function poolOf(
  adapterSlots: AdapterSlotsSpec | undefined,
  createScheduler = everything,
): PoolSpec {
  return {
    name: 'mixed',
    role: 'mixed',
    replicas: 1,
    devicesPerReplica: 1,
    stages: 1,
    costModel,
    createScheduler,
    router: { name: 'first', route: () => 0 },
    memory: { kvBlocks: 100, blockSize: 16, bytesPerBlock: 1, staticBytes: 0 },
    power: { idleWatts: 0, prefillWatts: 0, decodeWatts: 0 },
    ...(adapterSlots === undefined ? {} : { adapterSlots }),
  }
}

function run(
  requests: readonly Request[],
  slots: AdapterSlotsSpec | undefined,
  more: Partial<SimulationSpec> = {},
  scheduler = everything,
) {
  const starts: number[] = []
  const ends: number[] = []
  const result = simulate({
    pools: [poolOf(slots, scheduler)],
    source: sourceOf(requests),
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    adapters: [
      { name: 'a', rank: 8 },
      { name: 'b', rank: 16 },
      { name: 'c', rank: 8 },
    ],
    observer: {
      requestFinished({ number, startSeconds, finishSeconds }: ObservedRequest) {
        starts[number] = startSeconds
        ends[number] = finishSeconds
      },
    },
    ...more,
  })
  return { result, starts, ends, adapters: result.pools[0]?.adapters }
}

describe('LoRA adapters', () => {
  it('cost what their ranks and tokens cost, and a load', () => {
    // Loads 8 ranks; a prompt of 2 tokens, then two decode steps of one.
    const { ends, adapters } = run([[0, 2, 3, 0]], { slots: 1, secondsPerRank: 0.25 })
    const load = 8 * 0.25
    expect(ends[0]).toBe(load + (1 + 1 + 1) + 2 * (1 + 1 + 0.5))
    expect(adapters).toEqual({
      slots: 1,
      peak_running: 1,
      hits: 0,
      loads: 1,
      storage_loads: 1,
      evictions: 0,
      load_s: load,
    })
  })

  it('are read once for all tokens of a batch, at the rank of the kernels', () => {
    const padded = { slots: 2, secondsPerRank: 0, paddedRank: 16 }
    // Both prompts in one step: one adapter, 16 ranks; 3 + 1 tokens of 16 ranks.
    const { ends } = run(
      [
        [0, 3, 1, 0],
        [0, 1, 1, 0],
      ],
      padded,
    )
    expect(ends).toEqual([1 + 2 + 4, 1 + 2 + 4])
    const both = run(
      [
        [0, 3, 1, 0],
        [0, 1, 1, 1],
      ],
      padded,
    )
    expect(both.ends).toEqual([1 + 4 + 4, 1 + 4 + 4])
    const none = run([[0, 3, 1, -1]], padded)
    expect(none.ends).toEqual([1])
  })

  it('take no more slots than there are: who has another one waits, and is overtaken', () => {
    const { starts, adapters } = run(
      [
        [0, 1, 3, 0],
        [0, 1, 1, 1],
        [0, 1, 1, 0],
        [0, 1, 1, -1],
      ],
      { slots: 1, secondsPerRank: 0 },
    )
    expect(starts.map((start) => start > 0)).toEqual([false, true, false, false])
    expect(adapters).toMatchObject({ peak_running: 1, loads: 2, hits: 1, evictions: 1 })
  })

  it('stay until their slots are needed, the least recently used go first', () => {
    const loads = (order: readonly number[], hostSlots?: number) => {
      const requests = order.map((adapter, i): Request => [100 * i, 1, 1, adapter])
      const slots = {
        slots: 2,
        secondsPerRank: 0,
        ...(hostSlots === undefined ? {} : { hostSlots }),
      }
      const { adapters } = run(requests, slots)
      return [adapters?.loads, adapters?.storage_loads]
    }
    expect(loads([0, 1, 0, 1])).toEqual([2, 2])
    expect(loads([0, 1, 0, 2, 0, 1])).toEqual([4, 3])
    expect(loads([0, 1, 0, 2, 0, 1], 2)).toEqual([4, 4])
  })

  it('are taken apart with the time of their steps', () => {
    const apart: CostModel = {
      ...costModel,
      breakdown({ adapters }) {
        const seconds = { plain: 1, adapters: 0 }
        if (adapters !== undefined)
          seconds.adapters =
            adapters.ranks / 8 + (adapters.prefillRanks + adapters.decodeRanks) / 16
        return Object.entries(seconds).map(([name, each]) => ({
          name,
          seconds: each,
          flop: 0,
          bytes: 0,
          sentBytes: 0,
          bound: name === 'plain' ? ('compute' as const) : ('memory' as const),
        }))
      },
    }
    const pool = { ...poolOf({ slots: 2, secondsPerRank: 0 }), costModel: apart }
    const { result } = run(
      [
        [0, 4, 20, 0],
        [0, 4, 20, 1],
      ],
      undefined,
      {
        pools: [pool],
        breakdown: true,
      },
    )
    const { operators, step_s: all } = result.pools[0]!.breakdown!
    // 24 ranks and 4 tokens of each in the first step, 1 of each in 19 more.
    const memory = 20 * 3 + 24 / 4 + (19 * 24) / 16
    expect(operators).toEqual({ plain: 20, adapters: memory })
    expect(all).toBeCloseTo(20 + memory, 9)
    const { compute, memory: share } = result.utilization!
    expect(compute + share).toBeCloseTo(1, 9)
    expect(share / (memory / (20 + memory))).toBeCloseTo(1, 1)
  })

  it('are lost with the replica that had them', () => {
    const { adapters } = run(
      [
        [0, 1, 1, 0],
        [100, 1, 1, 0],
      ],
      { slots: 1, secondsPerRank: 0 },
      {
        faults: {
          faults: [{ kind: 'replica', atSeconds: 50, durationSeconds: 1 }],
          maxRetries: 1,
          seed: 1,
        },
      },
    )
    expect(adapters).toMatchObject({ loads: 2, hits: 0 })
  })

  it('of prompts that begin alike keep their KV blocks apart', () => {
    const promptBlocks = { ids: [7], count: 1, blockTokens: 32 }
    const hits = (adapters: readonly number[]) => {
      const requests = adapters.map((adapter, i): Request => [100 * i, 40, 1, adapter])
      const inner = sourceOf(requests)
      const source: RequestSource = {
        next: (into) => {
          into.promptBlocks = promptBlocks
          return inner.next(into)
        },
      }
      const pool = {
        ...poolOf({ slots: 2, secondsPerRank: 0 }),
        prefixCaching: { blockBytes: 1 },
      }
      return run(requests, undefined, { source, pools: [pool] }).result.prefix_cache?.hit_tokens
    }
    expect(hits([0, 0])).toBe(32)
    expect(hits([-1, -1])).toBe(32)
    expect(hits([0, 1, -1])).toBe(0)
    expect(hits([0, 1, 0])).toBe(32)
  })

  it.each([
    ['a pool without slots', undefined, 'CONFLICT', 'pools[0].adapterSlots'],
    ['no slot', { slots: 0, secondsPerRank: 0 }, 'INVALID_VALUE', 'pools[0].adapterSlots.slots'],
    [
      'fewer in host memory than on the devices',
      { slots: 2, hostSlots: 1, secondsPerRank: 0 },
      'CONFLICT',
      'pools[0].adapterSlots.hostSlots',
    ],
    [
      'kernels of a lower rank',
      { slots: 2, secondsPerRank: 0, paddedRank: 8 },
      'CONFLICT',
      'pools[0].adapterSlots.paddedRank',
    ],
    [
      'a load of no time',
      { slots: 2, secondsPerRank: NaN },
      'INVALID_VALUE',
      'pools[0].adapterSlots.secondsPerRank',
    ],
  ] as const)('refuses %s', (_name, slots, code, path) => {
    const error = caught(() => run([[0, 1, 1, 0]], slots))
    expect(error).toMatchObject({ code, path })
  })

  it('refuses a request with one that there is not', () => {
    const error = caught(() => run([[0, 1, 1, 3]], { slots: 1, secondsPerRank: 0 }))
    expect(error).toMatchObject({ code: 'INVALID_VALUE', path: 'workload.request[0].adapterId' })
  })

  it('leaves those waiting for whose adapters a scheduler that does not ask has no slots', () => {
    const greedy = (): Scheduler => ({
      name: 'greedy',
      plan(view, plan) {
        const slots: number[] = []
        for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot))
          slots.push(slot)
        for (const slot of slots) plan.prefill(slot, 1)
        plan.decodeAll()
        plan.repeats = Infinity
      },
    })
    const two: Request[] = [
      [0, 1, 1, 0],
      [0, 1, 1, 1],
    ]
    const slots = { slots: 1, secondsPerRank: 0 }
    const { result, starts } = run(two, slots, {}, greedy)
    expect(result.completed_requests).toBe(2)
    expect(starts[1]).toBeGreaterThan(0)
  })
})

function caught(body: () => unknown): unknown {
  try {
    body()
  } catch (error) {
    if (isSimulatorError(error)) return error
    throw error
  }
  return undefined
}
