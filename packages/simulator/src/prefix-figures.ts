import type { PrefixCacheUse } from '@llmsim/contracts'
import { figure } from '@llmsim/metrics'
import type { KvTier } from './kv-tier.js'
import type { Pool } from './pool.js'
import type { PrefixCache } from './prefix-cache.js'
import type { PrefixParts } from './prefix-parts.js'

/** Share of the prompt tokens that a pool's prefix caches held; null without one. */
export function prefixHitRate(pools: readonly Pool[]): number | null {
  const caches = cachesOf(pools)
  const tokens = total(caches, (cache) => cache.promptTokens)
  return caches.length === 0 ? null : figure(total(caches, (cache) => cache.hitTokens) / tokens)
}

/** What the prefix caches of the pools that prefill did; null where there are none. */
export function prefixCacheUse(
  pools: readonly Pool[],
  prefix: PrefixParts | undefined,
  windowSeconds: number,
): PrefixCacheUse | null {
  const caches = cachesOf(pools)
  if (prefix === undefined || caches.length === 0) return null
  const { hitRates } = prefix
  const quantile = (q: number): number | null =>
    hitRates.count === 0 ? null : figure(hitRates.quantile(q))
  return {
    requests: total(caches, (cache) => cache.requests),
    prompt_tokens: total(caches, (cache) => cache.promptTokens),
    hit_tokens: total(caches, (cache) => cache.hitTokens),
    computed_tokens: total(caches, (cache) => cache.computedTokens),
    hit_rate_by_request: {
      mean: figure(hitRates.mean),
      p50: quantile(0.5),
      p90: quantile(0.9),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: figure(hitRates.max),
    },
    evicted_blocks: total(caches, (cache) => cache.evicted),
    cached_blocks: total(caches, (cache) => cache.kept),
    tiers: tierFigures(caches, windowSeconds),
  }
}

/** Tiers by their place below the devices' memory, those of all replicas together. */
function tierFigures(
  caches: readonly PrefixCache[],
  windowSeconds: number,
): PrefixCacheUse['tiers'] {
  const stacks = caches.flatMap(({ tiers }) => (tiers === undefined ? [] : [tiers]))
  const { tiers: first = [] } = stacks[0] ?? {}
  return first.map(({ spec }, i) => {
    const tiers = [...new Set(stacks.flatMap((stack) => stack.tiers[i] ?? []))]
    const sum = (amount: (tier: KvTier) => number): number =>
      tiers.reduce((all, tier) => all + amount(tier), 0)
    const bytes = stacks[0]!.blockBytes
    const reading = stacks.reduce((all, stack) => all + stack.readSeconds[i]!, 0)
    const whole = windowSeconds * stacks.length
    return {
      name: spec.name,
      total_blocks: spec.blocks === Infinity ? null : spec.blocks,
      peak_used_blocks: Math.max(...tiers.map((tier) => tier.peak)),
      hit_tokens: sum((tier) => tier.hitTokens),
      read_bytes: sum((tier) => tier.readBytes),
      written_bytes: bytes * sum((tier) => tier.written),
      evicted_blocks: sum((tier) => tier.evicted),
      link_utilization: whole > 0 ? Math.min(1, reading / whole) : 0,
    }
  })
}

function cachesOf(pools: readonly Pool[]): PrefixCache[] {
  return pools.flatMap(({ replicas }) =>
    replicas.flatMap(({ cache }) => (cache === undefined ? [] : [cache])),
  )
}

function total(caches: readonly PrefixCache[], amount: (cache: PrefixCache) => number): number {
  return caches.reduce((sum, cache) => sum + amount(cache), 0)
}
