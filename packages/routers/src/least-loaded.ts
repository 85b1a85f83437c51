import type { PoolView } from '@llmsim/contracts'
import { loadOf, type LoadSignal } from './load-signal.js'

/** Finds the replica with the least of a load; of equals, the one after the last that it found. */
export class LeastLoaded {
  #start = 0

  choose(pool: PoolView, signal: LoadSignal): number {
    const count = pool.replicas
    let chosen = this.#start % count
    let least = loadOf(pool, chosen, signal)
    for (let step = 1; step < count && least > 0; step++) {
      const replica = (this.#start + step) % count
      const load = loadOf(pool, replica, signal)
      if (load < least) {
        least = load
        chosen = replica
      }
    }
    this.#start = chosen + 1
    return chosen
  }
}
