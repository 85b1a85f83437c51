import type { RouterFactory } from '@llmsim/contracts'
import { LeastLoaded } from './least-loaded.js'
import { numberOption } from './option-values.js'
import { replicaId, replicaOfId } from './replica-id.js'

/**
 * All requests of a session to the replica of its first one, while that is there; the first one, and
 * requests without a session, to the replica with the fewest unfinished requests.
 *
 * It remembers the `max_sessions` sessions used last (a million unless said otherwise).
 */
export const sessionSticky: RouterFactory = {
  name: 'session-sticky',
  description: 'All requests of a session to one replica.',
  options: ['max_sessions'],
  create(options) {
    const most = numberOption(options, 'max_sessions', 1_000_000, {
      least: 1,
      meaning: 'sessions that are remembered',
    })
    const least = new LeastLoaded()
    /** The replica's id by session, the one used longest ago first. */
    const homes = new Map<number, number>()
    return {
      name: 'session-sticky',
      route({ sessionId }, pool) {
        if (sessionId < 0) return least.choose(pool, 'outstanding')
        const home = homes.get(sessionId)
        let chosen = home === undefined ? -1 : replicaOfId(pool, home)
        if (chosen < 0) chosen = least.choose(pool, 'outstanding')
        homes.delete(sessionId)
        homes.set(sessionId, replicaId(pool, chosen))
        if (homes.size > most) homes.delete(homes.keys().next().value!)
        return chosen
      },
    }
  },
}
