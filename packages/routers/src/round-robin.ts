import type { RouterFactory } from '@llmsim/contracts'

/** One replica after another. */
export const roundRobin: RouterFactory = {
  name: 'round-robin',
  description: 'One replica after another.',
  options: [],
  create() {
    let next = 0
    return {
      name: 'round-robin',
      route(_request, pool) {
        const chosen = next % pool.replicas
        next = chosen + 1
        return chosen
      },
    }
  },
}
