import type {
  CostModel,
  DeciderView,
  PoolSpec,
  PrefillDecider,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'
import { sourceOf, type Request } from './testing/listed-source.js'

/** An eighth of a second for each prompt token; half a second and a 64th a context token for a decode step. */
const costModel: CostModel = {
  name: 'by context',
  step(work, into) {
    into.seconds =
      work.prefillTokens * 0.125 + (work.decodes > 0 ? 0.5 : 0) + work.decodeContext / 64
    into.growth = work.decodes / 64
    into.horizon = Infinity
  },
  breakdown: () => [],
}

function pool(fields: Partial<PoolSpec>): PoolSpec {
  return {
    name: fields.role ?? 'mixed',
    role: 'mixed',
    replicas: 1,
    devicesPerReplica: 1,
    stages: 1,
    costModel,
    createScheduler: () => ({
      name: 'all at once',
      plan(view, plan) {
        for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot))
          if (view.prefillRemaining(slot) === 0) plan.admit(slot)
          else plan.prefill(slot, view.prefillRemaining(slot))
        plan.decodeAll()
        plan.repeats = Infinity
      },
    }),
    router: { name: 'first', route: () => 0 },
    memory: { kvBlocks: 100, blockSize: 4, bytesPerBlock: 1, staticBytes: 1 },
    power: { idleWatts: 0, prefillWatts: 0, decodeWatts: 0 },
    ...fields,
  }
}

/** A byte a token over 8 bytes a second, and a quarter of a second of latency. */
const kvTransfer = { bandwidthBytesPerSecond: 8, bytesPerToken: 1, latencySeconds: 0.25 }

/** The result, which steps one by one give as well. */
function run(requests: readonly Request[], fields: Partial<SimulationSpec> = {}): SimulationResult {
  const spec = (): SimulationSpec => ({
    pools: [pool({ role: 'prefill' }), pool({ role: 'decode' })],
    kvTransfer,
    source: sourceOf(requests),
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    exactQuantiles: true,
    ...fields,
  })
  const result = simulate(spec())
  expect(simulate({ ...spec(), stepByStep: true })).toEqual(result)
  return result
}

function decider(decide: PrefillDecider['decide']): PrefillDecider {
  return { name: 'test', decide }
}

describe('a decider', () => {
  it('keeps a prompt on the decode replica, where nothing is sent', () => {
    const result = run([[0, 8, 3]], { decider: decider(() => 'decode') })
    // The prompt until 1, and two tokens of contexts 9 and 10.
    expect(result.first_token_latency.mean).toBe(1)
    expect(result.end_to_end_latency.mean).toBe(2 + 19 / 64)
    expect(result.kv_transfer).toMatchObject({ transfers: 0, time: { mean: null } })
    expect(result.decider).toEqual({ prefill_requests: 0, decode_requests: 1 })
    expect(result.pools.map(({ steps }) => steps)).toEqual([0, 3])
    // Its latencies are those of the pool that served it.
    expect(result.pools[0]!.latency!.first_token_latency.mean).toBeNull()
    expect(result.pools[1]!.latency!.first_token_latency.mean).toBe(1)
  })

  it('sends it to a prefill pool as without one', () => {
    const requests: Request[] = [
      [0, 8, 3],
      [0.1, 12, 4],
    ]
    const { decider: counts, ...result } = run(requests, { decider: decider(() => 'prefill') })
    expect(counts).toEqual({ prefill_requests: 2, decode_requests: 0 })
    expect(result).toEqual(run(requests))
  })

  it('sees the queues of the prefill pools, and who is on the way to the decode replica', () => {
    const seen: Partial<DeciderView>[] = []
    run(
      [
        [0, 8, 2],
        [0.25, 8, 2],
        [0.5, 8, 2],
      ],
      {
        decider: decider(({ promptTokens }, view) => {
          expect(promptTokens).toBe(8)
          seen.push({
            nowSeconds: view.nowSeconds,
            prefillReplicas: view.prefillReplicas,
            prefillQueued: view.prefillQueued,
            prefillOutstanding: view.prefillOutstanding,
            decodeQueued: view.decodeQueued,
            decodeOutstanding: view.decodeOutstanding,
            usedBlocks: view.usedBlocks,
            totalBlocks: view.totalBlocks,
            cachedTokens: view.cachedTokens,
          })
          return 'prefill'
        }),
      },
    )
    const at = (nowSeconds: number, queued: number, outstanding: number) => ({
      nowSeconds,
      prefillReplicas: 1,
      prefillQueued: queued,
      prefillOutstanding: outstanding,
      decodeQueued: 0,
      decodeOutstanding: outstanding,
      usedBlocks: 0,
      totalBlocks: 100,
      cachedTokens: 0,
    })
    // Once for each way of stepping.
    const once = [at(0, 0, 0), at(0.25, 0, 1), at(0.5, 1, 2)]
    expect(seen).toEqual([...once, ...once])
  })

  it('chooses the decode replica when a request comes, and leaves it at that', () => {
    let turn = 0
    const inTurn = { name: 'in turn', route: () => turn++ % 2 }
    const pools = [pool({ role: 'prefill' }), pool({ role: 'decode', replicas: 2, router: inTurn })]
    const requests: Request[] = [0, 0.1, 0.2, 0.3].map((time) => [time, 8, 3])
    const spec: SimulationSpec = {
      pools,
      kvTransfer,
      source: sourceOf(requests),
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      decider: decider(() => 'prefill'),
    }
    const result = simulate(spec)
    expect(turn).toBe(4)
    expect(result.pools[1]!.per_replica.map((replica) => replica.requests)).toEqual([2, 2])
  })

  it('is refused where no pool prefills for others, and named when it breaks its contract', () => {
    const alone = { pools: [pool({})], decider: decider(() => 'decode') }
    expect(() => run([], alone)).toThrow(/decider/)
    expect(() => run([], { pools: [pool({})], firstTokenFrom: 'decode' })).toThrow(/firstTokenFrom/)
    const neither = decider(() => 'both' as 'prefill')
    expect(() => run([[0, 8, 3]], { decider: neither })).toThrow(/decider test/)
    const broken = decider(() => {
      throw new Error('no idea')
    })
    expect(() => run([[0, 8, 3]], { decider: broken })).toThrow(/no idea/)
  })
})

describe('a first token of the decode replica', () => {
  it('comes a transfer and a decode step after the prefill', () => {
    const result = run([[0, 8, 3]], { firstTokenFrom: 'decode' })
    // The prompt until 1, sent until 2.25; then contexts 8, whose last token is computed again, 9 and 10.
    const there = 2.25
    expect(result.first_token_latency.mean).toBe(there + 0.5 + 8 / 64)
    expect(result.end_to_end_latency.mean).toBe(there + 1.5 + 27 / 64)
    // Two gaps of three tokens.
    expect(result.inter_token_latency).toMatchObject({ min: 0.5 + 9 / 64, max: 0.5 + 10 / 64 })
    expect(result.throughput.tokens_per_sec * result.simulation_time).toBeCloseTo(3, 12)
    expect(result.throughput.input_tokens_per_sec * result.simulation_time).toBeCloseTo(8, 12)
    expect(result.kv_transfer).toMatchObject({ transfers: 1, bytes: 8 })
    // 10 tokens are in the KV cache at the end, in 3 blocks.
    expect(result.pools.map(({ kv_cache: { peak_used_blocks: peak } }) => peak)).toEqual([2, 3])
    expect(result.pools[0]!.latency!.first_token_latency.mean).toBeNull()
    expect(result.pools[1]!.latency!.first_token_latency.mean).toBe(there + 0.5 + 8 / 64)
  })

  it('is a step more than one of the prefill for the same tokens', () => {
    const prefill = run([[0, 8, 5]], { firstTokenFrom: 'prefill' })
    const decode = run([[0, 8, 5]], { firstTokenFrom: 'decode' })
    expect(prefill).toEqual(run([[0, 8, 5]]))
    const more = decode.end_to_end_latency.mean! - prefill.end_to_end_latency.mean!
    expect(more).toBe(0.5 + 8 / 64)
    expect(decode.pools[1]!.steps).toBe(prefill.pools[1]!.steps + 1)
  })

  it('is sent for where there is no other', () => {
    const result = run([[0, 8, 1]], { firstTokenFrom: 'decode' })
    expect(result.kv_transfer).toMatchObject({ transfers: 1 })
    expect(result.end_to_end_latency.mean).toBe(2.25 + 0.5 + 8 / 64)
    expect(result.inter_token_latency.mean).toBeNull()
    expect(result.simulation_time).toBe(2.25 + 0.5 + 8 / 64)
  })

  it('serves a prompt of one token', () => {
    const result = run([[0, 1, 2]], { firstTokenFrom: 'decode' })
    // An eighth for the prompt, an eighth and a quarter for the transfer; contexts 1 and 2.
    expect(result.first_token_latency.mean).toBe(0.5 + 0.5 + 1 / 64)
    expect(result.completed_requests).toBe(1)
  })

  it('shows in the records and over time what the results say', () => {
    const firsts: number[] = []
    let tokens = 0
    run([[0, 8, 3]], {
      firstTokenFrom: 'decode',
      observer: {
        requestFinished: (request) => firsts.push(request.firstTokenSeconds),
        segmentExecuted: ({ promptsDone, decodes, steps }) => {
          tokens += promptsDone + decodes * steps
        },
      },
    })
    expect(firsts).toEqual([2.25 + 0.5 + 8 / 64, 2.25 + 0.5 + 8 / 64])
    // Both ways of stepping.
    expect(tokens).toBe(6)
  })
})
