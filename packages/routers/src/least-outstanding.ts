import type { RouterFactory } from '@llmsim/contracts'

/** The replica with the fewest unfinished requests; of equals, the one after the last chosen. */
export const leastOutstanding: RouterFactory = {
  name: 'least-outstanding',
  description: 'The replica with the fewest unfinished requests.',
  create() {
    let start = 0
    return {
      name: 'least-outstanding',
      route(_request, pool) {
        const count = pool.replicas
        let chosen = start % count
        let fewest = pool.outstanding(chosen)
        for (let step = 1; step < count && fewest > 0; step++) {
          const replica = (start + step) % count
          const outstanding = pool.outstanding(replica)
          if (outstanding < fewest) {
            fewest = outstanding
            chosen = replica
          }
        }
        start = chosen + 1
        return chosen
      },
    }
  },
}
