import type { PoolSpec, Router, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in a fifth of the cases with more pools, of other sizes. */
export function withRandomPools(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 3_000_017)
  if (!random.chance(0.2)) return spec
  const pools: PoolSpec[] = [...spec.pools]
  for (let more = random.whole(1, 3); more > 0; more--) {
    const pool = random.pick(spec.pools)
    const blocks = Math.max(2, Math.ceil(pool.memory.kvBlocks * random.pick([0.6, 1, 2])))
    pools.push({
      ...pool,
      // Prompts are served whole beside those that are handed over.
      role: pool.role === 'prefill' && random.chance(0.3) ? 'mixed' : pool.role,
      name: `${pool.role}-${pools.length}`,
      replicas: random.pick([1, 2, 3]),
      memory: { ...pool.memory, kvBlocks: blocks },
    })
  }
  return {
    ...spec,
    pools,
    ...(random.chance(0.7) ? { poolRouters: { entry: inTurn(), decode: inTurn() } } : {}),
  }
}

function inTurn(): Router {
  let next = 0
  return { name: 'in-turn', route: (_request, pool) => next++ % pool.replicas }
}
