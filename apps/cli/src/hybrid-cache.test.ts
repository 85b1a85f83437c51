/** KV caches in which layers with a window keep no more than it reaches: as the command line sets them, and beside others. */
import { randomSpecification, requestListSource, resultDifferences } from '@llmsim/conformance'
import type {
  PoolSpec,
  PrefixCachingSpec,
  SimulationResult,
  SimulationSpec,
  WindowedKv,
} from '@llmsim/contracts'
import { defaultSchedulerOptions, schedulers, vllmV1 } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'
import { eighths } from './testing/eighths.js'

const windowed: WindowedKv = {
  tokens: 8,
  kind: 'sliding',
  fullGroups: 1,
  windowedGroups: 2,
  chunkTokens: Infinity,
}

interface Run {
  readonly kvBlocks: number
  readonly windowed?: WindowedKv
  readonly prefixCaching?: PrefixCachingSpec
  readonly requests: readonly (readonly [at: number, prompt: number, output: number])[]
  /** Ids of blocks of four tokens with which each prompt begins. */
  readonly ids?: readonly (readonly number[])[]
}

function run({ requests, ids, kvBlocks, windowed: kv, prefixCaching }: Run): SimulationResult {
  const pool: PoolSpec = {
    name: 'pool',
    role: 'mixed',
    replicas: 1,
    devicesPerReplica: 1,
    stages: 1,
    costModel: eighths,
    createScheduler: () => vllmV1.create({ ...defaultSchedulerOptions, watermark: 0 }),
    router: { name: 'first', route: () => 0 },
    memory: {
      kvBlocks,
      blockSize: 4,
      bytesPerBlock: 1000,
      staticBytes: 0,
      ...(kv === undefined ? {} : { windowed: kv }),
    },
    ...(prefixCaching === undefined ? {} : { prefixCaching }),
    power: { idleWatts: 100, prefillWatts: 700, decodeWatts: 400 },
  }
  const source = requestListSource(
    requests.map(([arrivalSeconds, promptTokens, outputTokens]) => ({
      arrivalSeconds,
      promptTokens,
      outputTokens,
    })),
  )
  let next = 0
  const specification: SimulationSpec = {
    pools: [pool],
    source: {
      ...source,
      next(into) {
        if (!source.next(into)) return false
        const own = ids?.[next++]
        if (own !== undefined)
          into.promptBlocks = { ids: [...own], count: own.length, blockTokens: 4 }
        return true
      },
    },
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    exactQuantiles: true,
  }
  return simulate(specification)
}

describe('a request of a model with windowed layers', () => {
  it('holds the blocks of its window, and of its prompt while that is computed', () => {
    const peak = (prompt: number, output: number, kv = windowed): number =>
      run({ kvBlocks: 1000, windowed: kv, requests: [[0, prompt, output]] }).kv_cache
        .peak_used_blocks
    // A window of 8 lies in 3 blocks of 4 at most: 5 blocks of one group, 3 of each of two.
    expect(peak(4, 17)).toBe(5 + 2 * 3)
    expect(peak(4, 97)).toBe(25 + 2 * 3)
    // Prompts that are computed whole hold all of them; in steps of 12 tokens ceil((7 + 12) / 4) + 1 blocks.
    expect(peak(40, 2)).toBe(3 * 10)
    expect(peak(40, 2, { ...windowed, chunkTokens: 12 })).toBe(10 + 2 * 6)
    // A chunk of 8 is let go when it is full: at 97 tokens less is held than before.
    expect(peak(4, 94, { ...windowed, kind: 'chunked' })).toBe(24 + 2 * 2)
    expect(peak(4, 97, { ...windowed, kind: 'chunked' })).toBe(24 + 2 * 2)
    expect(peak(4, 102, { ...windowed, kind: 'chunked' })).toBe(26 + 2 * 2)
  })

  it('fits where all of its tokens in all layers would not', () => {
    const requests = [[0, 4, 97]] as const
    expect(run({ kvBlocks: 75, requests, windowed }).completed_requests).toBe(1)
    const chunked = { ...windowed, chunkTokens: 12 }
    expect(run({ kvBlocks: 25 + 2 * 6, requests, windowed: chunked }).completed_requests).toBe(1)
    expect(run({ kvBlocks: 24 + 2 * 6, requests, windowed: chunked }).rejected_requests).toBe(1)
  })

  it('is found in a prefix cache as far as its last window is there', () => {
    const ids = [
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5, 6],
      [1, 2, 7],
    ]
    const hits = (kvBlocks: number, windows: WindowedKv): number | undefined =>
      run({
        kvBlocks,
        windowed: windows,
        prefixCaching: { blockBytes: 1 },
        ids,
        requests: [
          [0, 20, 20],
          [100, 24, 2],
          [200, 12, 2],
        ],
      }).prefix_cache?.hit_tokens
    // All is kept: five blocks are found, then two.
    expect(hits(1000, windowed)).toBe(20 + 8)
    // 40 tokens take 10 blocks of the full group and, with those kept of windows, 20 of the others; what the window
    // has left goes first: the second prompt finds nothing of the first blocks' windows, and needs the last ones.
    expect(hits(20, windowed)).toBeLessThan(28)
    // A chunk that has begun is needed from its beginning; at its end nothing of it is.
    expect(hits(1000, { ...windowed, kind: 'chunked' })).toBe(20 + 8)
  })
})

describe('a window that no request leaves', () => {
  /** The same scenario with blocks of all layers, and with blocks of three groups of them. */
  function specification(seed: number, kind: WindowedKv['kind'] | undefined): SimulationSpec {
    const factory = schedulers[seed % schedulers.length]!
    const { kvTransfer, ...spec } = randomSpecification(seed, {
      createScheduler: (options) => factory.create({ ...options, watermark: 0 }),
    })
    const pools = spec.pools.map((pool): PoolSpec => {
      const { windowed: drawn, stateBlocks: _state, swap: _swap, ...memory } = pool.memory
      const groups = (drawn?.fullGroups ?? 1) + (drawn?.windowedGroups ?? 0)
      const blocks = Math.max(2, Math.round(memory.kvBlocks / groups))
      const tokens = 96_000
      const { prefixCaching, ...rest } = pool
      return {
        ...rest,
        ...(prefixCaching === undefined ? {} : { prefixCaching: { blockBytes: 1e6 } }),
        memory:
          kind === undefined
            ? { ...memory, kvBlocks: blocks }
            : { ...memory, kvBlocks: 3 * blocks, windowed: { ...windowed, tokens, kind } },
      }
    })
    if (kvTransfer === undefined) return { ...spec, pools }
    const { windowed: _windowed, ...transfer } = kvTransfer
    return { ...spec, pools, kvTransfer: { ...transfer, bytesPerToken: 1000 } }
  }

  /** Those that reckon with a token's share of a block see blocks of other sizes. */
  const byTokens = ['sglang', 'lightllm']

  it('gives the results of blocks of all layers, in 120 random scenarios', () => {
    let cached = 0
    let preemptions = 0
    for (let seed = 1; seed <= 120; seed++) {
      if (byTokens.includes(schedulers[seed % schedulers.length]!.name)) continue
      const plain = simulate(specification(seed, undefined))
      const grouped = simulate(specification(seed, seed % 2 === 0 ? 'sliding' : 'chunked'))
      const differences = resultDifferences(plain, grouped, 1e-9)
      const others = differences.filter((each) => !/blocks|memory/.test(JSON.stringify(each)))
      expect(others, `seed ${seed}`).toEqual([])
      cached += plain.prefix_cache?.evicted_blocks ?? 0
      preemptions += plain.preemptions
    }
    expect(cached).toBeGreaterThan(0)
    expect(preemptions).toBeGreaterThan(0)
  }, 120_000)
})

describe('--disable-hybrid-kv-cache-manager', () => {
  const scenario =
    'run --xpu h100-80gb --scheduler vllm-v1 --arrival-rate 3 --num-requests 60 --length-distribution fixed ' +
    '--avg-input-length 6000 --avg-output-length 200 --format json'

  async function results(flags: string): Promise<SimulationResult> {
    const argv = [...scenario.split(' '), ...flags.split(' ')]
    const { code, stdout, stderr } = await llmsim(argv, '.')
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as SimulationResult
  }

  it('has larger blocks, and fewer of them, of which long contexts take more', async () => {
    const grouped = await results('--model gemma3-27b --tp 2')
    const whole = await results('--model gemma3-27b --tp 2 --disable-hybrid-kv-cache-manager')
    const of = ({ kv_cache: kv }: SimulationResult): number => kv.peak_used_blocks / kv.total_blocks
    // 62 layers in a block, or 10.
    expect(grouped.kv_cache.total_blocks / whole.kv_cache.total_blocks).toBeCloseTo(6.2, 1)
    expect(of(grouped)).toBeLessThan(0.7 * of(whole))
  })

  it('changes nothing of a model in which all layers see everything', async () => {
    const usual = await results('--model llama3.1-8b')
    const { scenario: _scenario, ...whole } = (await results(
      '--model llama3.1-8b --disable-hybrid-kv-cache-manager',
    )) as SimulationResult & { scenario: unknown }
    expect(usual).toMatchObject(whole)
  })

  it('sends of layers with a window what the next token sees', async () => {
    const pools = '--model gemma3-27b --disaggregated --prefill-n-xpus 2 --decode-n-xpus 2'
    const tps = '--prefill-tp 2 --decode-tp 2'
    const bytes = async (more: string): Promise<number> => {
      const { kv_transfer: transfer } = await results(`${pools} ${tps}${more}`)
      return transfer!.bytes
    }
    // 10 layers with 6000 tokens and 52 with 1023, in place of 62 with 6000.
    const share = (10 * 6000 + 52 * 1023) / (62 * 6000)
    const whole = await bytes(' --disable-hybrid-kv-cache-manager')
    expect((await bytes('')) / whole).toBeCloseTo(share, 6)
  })

  it('goes with tiers of a prefix cache, below which nothing has a window', async () => {
    const tier = '--set engine.kv_tiers=[{"name":"host","bandwidth_gbs":50}]'
    const tiered = await results(`--model gemma3-27b --tp 2 --enable-prefix-caching ${tier}`)
    const whole = await results('--model gemma3-27b --tp 2 --disable-hybrid-kv-cache-manager')
    expect(tiered.kv_cache.total_blocks).toBe(whole.kv_cache.total_blocks)
  })

  it.each([
    [
      '--model llama4-scout --tp 8 --block-size 48',
      'engine.block_size',
      'does not divide the 8192',
    ],
    [
      '--model gemma3-27b --set engine.disable_hybrid_kv_cache_manager=maybe',
      'engine.disable_hybrid',
      'maybe',
    ],
  ])('refuses %s', async (flags, where, why) => {
    const argv = [...scenario.split(' '), ...flags.split(' ')]
    const { code, stdout, stderr } = await llmsim(argv, '.')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(where)
    expect(stderr).toContain(why)
  })
})
