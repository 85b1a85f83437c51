import type { PoolSpec, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/**
 * The same specification, in a quarter of the cases with KV blocks that each sequence holds besides those of its
 * tokens; not with a prefix cache, which does not go with them.
 */
export function withRandomStates(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 5_000_077)
  const stateBlocks = random.pick([0, 0, 0, 3])
  if (stateBlocks === 0) return spec
  return { ...spec, pools: spec.pools.map((pool) => withStates(pool, stateBlocks)) }
}

function withStates(pool: PoolSpec, stateBlocks: number): PoolSpec {
  if (pool.prefixCaching !== undefined) return pool
  const kvBlocks = pool.memory.kvBlocks + stateBlocks
  return { ...pool, memory: { ...pool.memory, stateBlocks, kvBlocks } }
}
