import type { RouterFactory } from '@llmsim/contracts'
import { LeastLoaded } from './least-loaded.js'

/** The replica with the smallest share of its KV blocks in use; of equals, the one after the last chosen. */
export const leastKv: RouterFactory = {
  name: 'least-kv',
  description: 'The replica with the smallest share of its KV blocks in use.',
  options: [],
  create() {
    const least = new LeastLoaded()
    return { name: 'least-kv', route: (_request, pool) => least.choose(pool, 'kv') }
  },
}
