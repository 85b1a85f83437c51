/**
 * Draws two replicas and takes the less loaded one (Mitzenmacher, IEEE TPDS 12(10), 2001).
 *
 * @type {import('@llmsim/contracts').RouterFactory}
 */
export const twoChoices = {
  name: 'two-choices',
  description: 'The less loaded of two replicas drawn at random.',
  create: ({ random }) => ({
    name: 'two-choices',
    route(_request, pool) {
      const first = Math.floor(random() * pool.replicas)
      const second = Math.floor(random() * pool.replicas)
      return pool.outstanding(second) < pool.outstanding(first) ? second : first
    },
  }),
}
