import type { PrefixCacheUse } from '@llmsim/contracts'
import { figure } from '@llmsim/metrics'
import type { Pool } from './pool.js'
import type { PrefixCache } from './prefix-cache.js'
import type { PrefixParts } from './prefix-cache.js'

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
    tiers: [],
  }
}

function cachesOf(pools: readonly Pool[]): PrefixCache[] {
  return pools.flatMap(({ replicas }) =>
    replicas.flatMap(({ cache }) => (cache === undefined ? [] : [cache])),
  )
}

function total(caches: readonly PrefixCache[], amount: (cache: PrefixCache) => number): number {
  return caches.reduce((sum, cache) => sum + amount(cache), 0)
}
