import type { RouterFactory } from '@llmsim/contracts'

/** Any replica, with equal chances, from the router's own random stream. */
export const random: RouterFactory = {
  name: 'random',
  description: 'Any replica, with equal chances.',
  options: [],
  create: (options) => ({
    name: 'random',
    route: (_request, pool) => Math.floor(options.random() * pool.replicas),
  }),
}
