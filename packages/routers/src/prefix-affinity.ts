import type { RouterFactory } from '@llmsim/contracts'
import { LeastLoaded } from './least-loaded.js'
import { numberOption } from './option-values.js'

/**
 * The replica whose prefix cache holds most of the prompt, where that is more than `cache_threshold` of
 * it; otherwise, and while the loads are out of balance, the one with the fewest unfinished requests.
 *
 * Loads are out of balance when the largest exceeds the least by more than `balance_abs_threshold`
 * requests and is more than `balance_rel_threshold` times it: the rule and the defaults of the
 * cache-aware policy of SGLang's router (`sgl-router`, `cache_aware`).
 */
export const prefixAffinity: RouterFactory = {
  name: 'prefix-affinity',
  description:
    'The replica that has most of the prompt in its prefix cache, while loads are level.',
  options: ['cache_threshold', 'balance_abs_threshold', 'balance_rel_threshold'],
  create(options) {
    const share = numberOption(options, 'cache_threshold', 0.5, {
      least: 0,
      most: 1,
      meaning: 'share of a prompt from which on its place decides',
    })
    const absolute = numberOption(options, 'balance_abs_threshold', 32, {
      least: 0,
      meaning: 'requests by which loads may differ',
    })
    const relative = numberOption(options, 'balance_rel_threshold', 1.1, {
      least: 1,
      meaning: 'times the least load that the largest may be',
    })
    const least = new LeastLoaded()
    return {
      name: 'prefix-affinity',
      route(request, pool) {
        if (pool.cachedTokens === undefined) return least.choose(pool, 'outstanding')
        let most = -1
        let fewest = Infinity
        let chosen = 0
        let found = -1
        for (let replica = 0; replica < pool.replicas; replica++) {
          const load = pool.outstanding(replica)
          if (load > most) most = load
          if (load < fewest) fewest = load
          const cached = pool.cachedTokens(replica)
          if (cached < found || (cached === found && load >= pool.outstanding(chosen))) continue
          found = cached
          chosen = replica
        }
        const level = most - fewest <= absolute || most <= relative * fewest
        if (level && found > share * request.promptTokens) return chosen
        return least.choose(pool, 'outstanding')
      },
    }
  },
}
