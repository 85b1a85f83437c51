import type { RoutedRequest, RouterFactory } from '@llmsim/contracts'
import { LeastLoaded } from './least-loaded.js'
import { numberOption, wordOption } from './option-values.js'
import { rendezvous } from './rendezvous-hash.js'

/**
 * The replica that a key of the request hashes to, whatever is cached where; requests without one go to the
 * replica with the fewest unfinished requests.
 *
 * `key`: `session`, unless said otherwise; `prefix`, the first `prefix_tokens` (256) tokens of the prompt, to
 * whole blocks of 16, where it is known what prompts begin with; `adapter`, the LoRA adapter. What has no such key has that
 * of its session.
 *
 * With a `load_factor` a replica that has more unfinished requests than so many times the mean is
 * passed over (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018).
 */
export const consistentHash: RouterFactory = {
  name: 'consistent-hash',
  description: 'The replica that the session of the request, its prefix or its adapter hashes to.',
  options: ['load_factor', 'key', 'prefix_tokens'],
  create(options) {
    const factor = numberOption(options, 'load_factor', Infinity, {
      least: 1,
      meaning: 'times the mean load that a replica may have',
    })
    const kind = wordOption(options, 'key', ['session', 'prefix', 'adapter'], 'session')
    const tokens = numberOption(options, 'prefix_tokens', 256, {
      least: 16,
      meaning: 'tokens of a prompt that are its key',
    })
    const keyOf = (request: RoutedRequest): number => {
      const { sessionId, adapterId = -1 } = request
      const key =
        kind === 'prefix'
          ? (request.prefixKey?.(tokens) ?? -1)
          : kind === 'adapter'
            ? adapterId
            : -1
      return key < 0 ? sessionId : key
    }
    const least = new LeastLoaded()
    return {
      name: 'consistent-hash',
      route(request, pool) {
        const key = keyOf(request)
        if (key < 0) return least.choose(pool, 'outstanding')
        let limit = Infinity
        if (factor !== Infinity) {
          let total = 1
          for (let replica = 0; replica < pool.replicas; replica++)
            total += pool.outstanding(replica)
          limit = Math.ceil((factor * total) / pool.replicas)
        }
        return rendezvous(pool, key, (replica) => pool.outstanding(replica) < limit)
      },
    }
  },
}
