import type { RouterFactory } from '@llmsim/contracts'
import { LeastLoaded } from './least-loaded.js'
import { numberOption } from './option-values.js'
import { rendezvous } from './rendezvous-hash.js'

/**
 * The replica that the request's session hashes to, whatever is cached where; requests
 * without one go to the replica with the fewest unfinished requests.
 *
 * With a `load_factor` a replica that has more unfinished requests than so many times the mean is
 * passed over (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018).
 */
export const consistentHash: RouterFactory = {
  name: 'consistent-hash',
  description: 'The replica that the session of the request hashes to.',
  create(options) {
    const factor = numberOption(options, 'load_factor', Infinity, {
      least: 1,
      meaning: 'times the mean load that a replica may have',
    })
    const least = new LeastLoaded()
    return {
      name: 'consistent-hash',
      route(request, pool) {
        if (request.sessionId < 0) return least.choose(pool, 'outstanding')
        let limit = Infinity
        if (factor !== Infinity) {
          let total = 1
          for (let replica = 0; replica < pool.replicas; replica++)
            total += pool.outstanding(replica)
          limit = Math.ceil((factor * total) / pool.replicas)
        }
        return rendezvous(pool, request.sessionId, (replica) => pool.outstanding(replica) < limit)
      },
    }
  },
}
