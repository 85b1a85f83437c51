/** Prefix caching over real traces and whole runs: what is found is what the traces say can be found. */
import type { PoolSpec, SimulationResult, SimulationSpec } from '@llmsim/contracts'
import { randomSpecification, referenceCostModel } from '@llmsim/conformance'
import { leastOutstanding } from '@llmsim/routers'
import { defaultSchedulerOptions, greedy, schedulers, vllmV1 } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import {
  syntheticSource,
  syntheticSessions,
  sessionSource,
  withSharedPrefixes,
} from '@llmsim/workloads'
import { openTrace } from '@llmsim/workloads/node'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const traces = fileURLToPath(new URL('../../../../shared/traces/', import.meta.url))

function pool(fields: Partial<PoolSpec> = {}): PoolSpec {
  return {
    name: 'mixed',
    role: 'mixed',
    replicas: 1,
    devicesPerReplica: 1,
    stages: 1,
    costModel: referenceCostModel(),
    createScheduler: () => vllmV1.create(defaultSchedulerOptions),
    router: leastOutstanding.create({ random: () => 0, extra: {} }),
    memory: { kvBlocks: 1e6, blockSize: 16, bytesPerBlock: 1e5, staticBytes: 1e9 },
    prefixCaching: { blockBytes: 1e5 },
    power: { idleWatts: 1, prefillWatts: 1, decodeWatts: 1 },
    ...fields,
  }
}

function run(source: SimulationSpec['source'], fields: Partial<PoolSpec> = {}): SimulationResult {
  return simulate({
    pools: [pool(fields)],
    source,
    durationSeconds: Infinity,
    warmUpSeconds: 0,
  })
}

function memory(kvBlocks: number, blockSize: number): PoolSpec['memory'] {
  return { ...pool().memory, kvBlocks, blockSize }
}

describe.skipIf(!existsSync(traces))('the block hashes of published traces', () => {
  /** Requests far enough apart that each finds what all before it left. */
  async function slowly(name: string) {
    return await openTrace(path.join(traces, name), { speed: 1e-3, spreadTickSeconds: 3 })
  }

  /** Tokens that a cache without an end holds, by the trace's ids alone, in blocks of the engine. */
  async function tokensSeen(
    name: string,
    blockSize: number,
  ): Promise<[found: number, blocks: number]> {
    const rows = (await slowly(name)).rowStream()
    const row: Parameters<typeof rows.next>[0] = {
      arrivalSeconds: 0,
      promptTokens: 0,
      outputTokens: 0,
      sessionId: -1,
      priority: 0,
      thinkSeconds: -1,
      tenant: '',
      blocks: undefined,
    }
    const seen = new Set<unknown>()
    let found = 0
    let blocks = 0
    while (rows.next(row)) {
      const { blocks: ids = [], promptTokens } = row
      let leading = 0
      while (leading < ids.length && seen.has(ids[leading])) leading++
      const tokens = Math.min(512 * leading, promptTokens - 1)
      found += tokens - (tokens % blockSize)
      blocks += ids.length
      for (const id of ids) seen.add(id)
    }
    return [found, blocks]
  }

  it.each([
    ['mooncake_conversation_trace.jsonl', 0.366],
    ['mooncake_synthetic_trace.jsonl', 0.638],
  ])(
    '%s: an endless cache finds the blocks that it has seen before, a share of %s',
    async (name, share) => {
      const opened = await slowly(name)
      const [expected, blocks] = await tokensSeen(name, 512)
      const endless = run(opened.source(), { memory: memory(1e7, 512) })
      const found = endless.prefix_cache!.hit_tokens
      expect(found).toBe(expected)
      // Whole blocks: the last one of a prompt is found only if it is full, and not all of the prompt.
      expect(found / 512 / blocks).toBeCloseTo(share, 3)
      expect(endless.prefix_cache!.computed_tokens + found).toBe(
        endless.prefix_cache!.prompt_tokens,
      )
      // The trace's own figure counts blocks that are not full, too.
      const shares = [share]
      for (const kvBlocks of [20_000, 2000, 500]) {
        const bounded = run(opened.source(), { memory: memory(kvBlocks, 512) })
        expect(bounded.rejected_requests).toBe(0)
        shares.push(bounded.prefix_cache!.hit_tokens / 512 / blocks)
        expect(bounded.prefix_cache!.evicted_blocks).toBeGreaterThan(0)
      }
      expect(shares.toSorted((a, b) => b - a)).toEqual(shares)
      expect(shares.at(-1)).toBeLessThan(0.8 * share)
    },
    60_000,
  )

  it('finds parts of the blocks of a trace where the blocks of the engine are smaller', async () => {
    const name = 'mooncake_conversation_trace.jsonl'
    const [expected] = await tokensSeen(name, 16)
    const { kv_cache, prefix_cache } = run((await slowly(name)).source(), {
      memory: memory(1e8, 16),
    })
    expect(prefix_cache!.hit_tokens).toBe(expected)
    expect(kv_cache.prefix_hit_rate).toBeCloseTo(0.374, 3)
  }, 60_000)

  it('finds most of what a session of a coding agent repeats', async () => {
    const opened = await openTrace(path.join(traces, 'weka/trace_0022.json'))
    const { prefix_cache } = run(opened.source(), { memory: memory(1e7, 16) })
    expect(prefix_cache!.hit_tokens / prefix_cache!.prompt_tokens).toBeGreaterThan(0.8)
  })
})

describe('prefix caching', () => {
  const arrivals = { process: 'poisson', ratePerSecond: 4 } as const
  const lengths = (mean: number) =>
    ({ distribution: 'lognormal', mean, std: mean / 2, max: 4000 }) as const
  const drawn = () =>
    syntheticSource({ arrivals, input: lengths(600), output: lengths(60), seed: 3 })
  const alike = () => withSharedPrefixes(drawn(), { tokens: 512, count: 3, seed: 3 })
  const some = (source: SimulationSpec['source'], fields: Partial<PoolSpec> = {}) =>
    simulate({
      pools: [pool(fields)],
      source,
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      maxRequests: 400,
    })

  it.each(schedulers)('changes nothing where no prompts are alike: $name', (factory) => {
    const createScheduler = () => factory.create(defaultSchedulerOptions)
    const fields = { createScheduler, memory: memory(2000, 16) }
    const cached = some(drawn(), fields)
    const { prefixCaching: _, ...without } = pool(fields)
    const plain = simulate({
      pools: [without],
      source: drawn(),
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      maxRequests: 400,
    })
    expect(cached.prefix_cache).toMatchObject({ hit_tokens: 0 })
    expect(cached.preemptions).toBe(0)
    const figures = ({ prefix_cache: _a, kv_cache: _b, pools: _c, ...rest }: SimulationResult) =>
      rest
    expect(figures(cached)).toEqual(figures(plain))
  })

  it.each(schedulers)('computes each prompt token once, or finds it: $name', (factory) => {
    const createScheduler = () => factory.create(defaultSchedulerOptions)
    const plain = some(drawn(), { createScheduler })
    const { prefix_cache, kv_cache, ...cached } = some(alike(), { createScheduler })
    const { prompt_tokens, hit_tokens, computed_tokens } = prefix_cache!
    expect(computed_tokens).toBe(prompt_tokens - hit_tokens)
    expect(kv_cache.prefix_hit_rate).toBeGreaterThan(0.4)
    // As many tokens come out, and sooner, but no faster than their requests arrive.
    expect(cached.completed_requests).toBe(400)
    expect(cached.first_token_latency.mean).toBeLessThan(plain.first_token_latency.mean!)
    expect(cached.throughput.tokens_per_sec / plain.throughput.tokens_per_sec).toBeLessThan(1.05)
  })

  it('finds in a later call of a session the prompt and the answer before it', () => {
    const sessions = syntheticSessions({
      sessionsPerSecond: 0.1,
      turns: { distribution: 'fixed', mean: 4 },
      input: { distribution: 'fixed', mean: 160 },
      output: { distribution: 'fixed', mean: 33 },
      meanThinkSeconds: 100,
      seed: 5,
    })
    let left = 20
    const some = () => (left-- > 0 ? sessions() : undefined)
    const { prefix_cache } = run(sessionSource(some))
    // Prompts of 160, 353, 546 and 739 tokens; the last token of an answer is not in its KV cache.
    const found = [192, 385, 578].map((tokens) => tokens - (tokens % 16))
    const perSession = found.reduce((sum, tokens) => sum + tokens, 0)
    expect(prefix_cache!.hit_tokens).toBe(20 * perSession)
  })

  it('counts each token of a prompt once, as found or as computed, whatever is preempted', () => {
    let preempted = 0
    for (let seed = 1; seed <= 200; seed++) {
      const result = simulate(
        randomSpecification(seed, { createScheduler: (options) => greedy.create(options) }),
      )
      const { prefix_cache: cache, preemptions, unfinished_requests, faults, clients } = result
      const lost = unfinished_requests > 0 || faults !== undefined || (clients?.timeouts ?? 0) > 0
      if (cache === undefined || cache === null || preemptions === 0 || lost) continue
      expect(cache.hit_tokens + cache.computed_tokens, `seed ${seed}`).toBe(cache.prompt_tokens)
      preempted++
    }
    expect(preempted).toBeGreaterThan(5)
  })

  it('holds a shared beginning once', () => {
    const source = () =>
      withSharedPrefixes(
        syntheticSource({
          arrivals: undefined,
          input: { distribution: 'fixed', mean: 1600 },
          output: { distribution: 'fixed', mean: 1600 },
          seed: 1,
        }),
        { tokens: 1280, count: 1, seed: 1 },
      )
    const closed = (prefixCaching: PoolSpec['prefixCaching']) => {
      const { prefixCaching: _, ...plain } = pool()
      return simulate({
        pools: [prefixCaching === undefined ? plain : { ...plain, prefixCaching }],
        source: source(),
        concurrency: 10,
        durationSeconds: Infinity,
        warmUpSeconds: 0,
        maxRequests: 10,
      })
    }
    const blocks = closed(undefined).kv_cache.peak_used_blocks
    // 80 of the blocks of each are the same: nine of ten hold none of their own for them.
    expect(closed({ blockBytes: 1 }).kv_cache.peak_used_blocks).toBe(blocks - 9 * 80)
  })

  it('sends a decode replica only what it lacks', () => {
    const both = (decodeCaches: boolean) => {
      const { prefixCaching, ...plain } = pool()
      return simulate({
        pools: [
          { ...plain, name: 'prefill', role: 'prefill', prefixCaching: prefixCaching! },
          {
            ...plain,
            name: 'decode',
            role: 'decode',
            ...(decodeCaches ? { prefixCaching: prefixCaching! } : {}),
          },
        ],
        kvTransfer: { bandwidthBytesPerSecond: 1e9, latencySeconds: 0, bytesPerToken: 1000 },
        source: alike(),
        durationSeconds: Infinity,
        warmUpSeconds: 0,
        maxRequests: 400,
      })
    }
    const whole = both(false)
    const { prompt_tokens, hit_tokens } = whole.prefix_cache!
    expect(hit_tokens / prompt_tokens).toBeGreaterThan(0.4)
    expect(whole.kv_transfer!.bytes).toBe(1000 * prompt_tokens)
    const lacking = both(true)
    const rate = lacking.pools[1]!.kv_cache.prefix_hit_rate!
    expect(rate).toBeGreaterThan(0.4)
    expect(lacking.kv_transfer!.bytes / (1000 * prompt_tokens)).toBeCloseTo(1 - rate, 9)
  })
})
