import type { RouterFactory } from '@llmsim/contracts'
import { LeastLoaded } from './least-loaded.js'

/** The replica with the fewest unfinished requests; of equals, the one after the last chosen. */
export const leastOutstanding: RouterFactory = {
  name: 'least-outstanding',
  description: 'The replica with the fewest unfinished requests.',
  options: [],
  create() {
    const least = new LeastLoaded()
    return {
      name: 'least-outstanding',
      route: (_request, pool) => least.choose(pool, 'outstanding'),
    }
  },
}
