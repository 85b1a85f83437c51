/** Tiers below the memory of the devices, by hand. */
import type { KvTierSpec, PoolSpec, PrefixCacheUse, SimulationResult } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'
import { tieredPool as pool } from './testing/tiered-pool.js'

function tier(fields: Partial<KvTierSpec> = {}): KvTierSpec {
  return {
    name: 'host',
    scope: 'replica',
    blocks: Infinity,
    bandwidthBytesPerSecond: 100,
    latencySeconds: 2,
    write: 'back',
    ...fields,
  }
}

/** Prompts of 17 tokens, whose first 16 are an id's, each long after the one before; one token comes out. */
function run(ids: readonly number[], spec: PoolSpec): SimulationResult & { cache: PrefixCacheUse } {
  const make = () => {
    let i = 0
    return {
      next(into: Parameters<Parameters<typeof simulate>[0]['source']['next']>[0]) {
        if (i === ids.length) return false
        into.arrivalSeconds = 1000 * i
        into.promptTokens = 17
        into.outputTokens = 1
        into.sessionId = -1
        into.priority = 0
        into.promptBlocks = { ids: [ids[i]!], count: 1, blockTokens: 16 }
        i++
        return true
      },
    }
  }
  const common = { durationSeconds: Infinity, warmUpSeconds: 0, exactQuantiles: true }
  const result = simulate({ pools: [spec], source: make(), ...common })
  const stepped = simulate({ pools: [spec], source: make(), ...common, stepByStep: true })
  expect(stepped).toEqual(result)
  return { ...result, cache: result.prefix_cache! }
}

describe('tiers', () => {
  it.each(['back', 'through'] as const)('give back what had to make room, written %s', (write) => {
    // 5 of 8 blocks are in use while a prompt is computed: the one before it has 3 left.
    const { cache, first_token_latency } = run([1, 2, 1], pool([tier({ write })], 8))
    expect(cache.tiers[0]!.hit_tokens).toBeGreaterThan(0)
    expect(cache.hit_tokens).toBe(16)
    // 17 tokens are computed; or some blocks come in 4 s each and 2 s more, and one token is computed.
    const read = cache.tiers[0]!.hit_tokens / 4
    expect(first_token_latency.min).toBeCloseTo(4 * read + 2 + 1, 4)
    expect(first_token_latency.max).toBeCloseTo(17, 4)
    expect(cache.tiers[0]).toMatchObject({
      read_bytes: 400 * read,
      total_blocks: null,
      evicted_blocks: 0,
    })
  })

  it('hold no more than they have room for', () => {
    const { cache } = run([1, 2, 3, 1], pool([tier({ blocks: 2 })], 5))
    expect(cache.tiers[0]).toMatchObject({ total_blocks: 2, peak_used_blocks: 2 })
    expect(cache.tiers[0]!.evicted_blocks).toBeGreaterThan(0)
  })

  it('pass on what they let go to the tier below', () => {
    const tiers = [tier({ blocks: 2 }), tier({ name: 'nvme' })]
    const { cache } = run([1, 2, 3, 1], pool(tiers, 5))
    expect(cache.hit_tokens).toBe(16)
    expect(cache.tiers[1]!.hit_tokens).toBeGreaterThan(0)
  })

  it('are found by all replicas that share one', () => {
    const shared = tier({ scope: 'pool', write: 'through' })
    expect(run([1, 1], pool([shared], 100, 2)).cache).toMatchObject({
      hit_tokens: 16,
      tiers: [{ hit_tokens: 16, read_bytes: 1600, written_bytes: 1600 }],
    })
    const own = tier({ write: 'through' })
    expect(run([1, 1], pool([own], 100, 2)).cache.hit_tokens).toBe(0)
  })

  it('give back one state, that of the last block', () => {
    // Of 400 bytes of a block 300 are its state: four blocks come in 4 s, and a state in 3.
    const shared = tier({ scope: 'pool', write: 'through' })
    const plain = pool([shared], 100, 2)
    const withStates = { ...plain, prefixCaching: { ...plain.prefixCaching!, stateBytes: 300 } }
    const { cache, first_token_latency } = run([1, 1], withStates)
    expect(cache.tiers[0]).toMatchObject({ hit_tokens: 16, read_bytes: 700, written_bytes: 1600 })
    expect(first_token_latency.min).toBeCloseTo(7 + 2 + 1, 4)
  })

  it('give back one state from two tiers', () => {
    // Two blocks are in the one above, and the others in the one below.
    const tiers = [tier({ blocks: 6 }), tier({ name: 'nvme' })]
    const plain = pool(tiers, 5)
    const withStates = { ...plain, prefixCaching: { ...plain.prefixCaching!, stateBytes: 300 } }
    const { cache } = run([1, 2, 3, 1], withStates)
    const [host, nvme] = cache.tiers
    expect([host!.hit_tokens, nvme!.hit_tokens]).toEqual([8, 8])
    expect(host!.read_bytes + nvme!.read_bytes).toBe(4 * 100 + 300)
  })

  it('refuse what is not followed from step to step', () => {
    const shared = tier({ scope: 'pool', write: 'back' })
    expect(() => run([1], pool([shared], 8))).toThrow('write')
    expect(() => run([1], pool([tier({ scope: 'pool', write: 'through' }), tier()], 8))).toThrow(
      'scope',
    )
    expect(() => run([1], pool([tier({ bandwidthBytesPerSecond: 0 })], 8))).toThrow('bandwidth')
  })
})
