import type { PoolView, RouterFactory } from '@llmsim/contracts'

/** Of two replicas drawn at random the one with less to do (Mitzenmacher, 2001). */
export const twoChoices: RouterFactory = {
  name: 'two-choices',
  description: 'Of two replicas drawn at random, the one with fewer unfinished requests.',
  create: ({ random }) => ({
    name: 'two-choices',
    route(_request, pool) {
      const count = pool.replicas
      if (count === 1) return 0
      const first = Math.floor(random() * count)
      // One of the others, each with the same chance.
      const second = (first + 1 + Math.floor(random() * (count - 1))) % count
      return busier(pool, first, second) ? second : first
    },
  }),
}

function busier(pool: PoolView, a: number, b: number): boolean {
  const difference = pool.outstanding(a) - pool.outstanding(b)
  if (difference !== 0) return difference > 0
  const share = (replica: number): number => pool.usedBlocks(replica) / pool.totalBlocks(replica)
  return share(a) > share(b)
}
