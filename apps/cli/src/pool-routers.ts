import type { Router, SimulationSpec } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { created, type Deployment } from './deployment.js'
import { named, type Registries } from './registries.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** The routers in front of pools, where there are several of one kind. Throws `SimulatorError`. */
export function poolRouters(
  { pool_router: router, random_seed }: ResolvedScenario,
  { pools }: Deployment,
  registries: Registries,
): Pick<SimulationSpec, 'poolRouters'> {
  if (router === undefined) return {}
  const path = 'pool_router.name'
  const factory = named(registries.routers, 'router', router.name, path)
  const create = (kind: string): Router => {
    const stream = randomStream(random_seed, `pool-router-${kind}`)
    return created(
      path,
      router.name,
      'route',
      () => factory.create({ random: () => stream.next(), extra: router.options }),
      'pool_router.options',
    )
  }
  const decoding = pools.filter(({ role }) => role === 'decode').length
  return {
    poolRouters: {
      ...(pools.length - decoding > 1 ? { entry: create('entry') } : {}),
      ...(decoding > 1 ? { decode: create('decode') } : {}),
    },
  }
}
