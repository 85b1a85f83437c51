import type { RouterFactory } from '@llmsim/contracts'
import { loadOf, loadSignals } from './load-signal.js'
import { wordOption } from './option-values.js'

/**
 * Two different replicas at random, and of them the less loaded one (the first drawn of equals).
 *
 * Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12 (2001): the
 * longest queue then grows with log log n in place of log n / log log n, and stale loads do not draw all
 * requests to one replica.
 */
export const powerOfTwo: RouterFactory = {
  name: 'power-of-two',
  description: 'The less loaded of two replicas drawn at random.',
  options: ['signal'],
  create(options) {
    const signal = wordOption(options, 'signal', loadSignals, 'outstanding')
    return {
      name: 'power-of-two',
      route(_request, pool) {
        const count = pool.replicas
        if (count === 1) return 0
        const first = Math.floor(options.random() * count)
        const second = (first + 1 + Math.floor(options.random() * (count - 1))) % count
        return loadOf(pool, second, signal) < loadOf(pool, first, signal) ? second : first
      },
    }
  },
}
