import type { PoolSpec, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in half of the cases with host memory for what is preempted, more or less of it. */
export function withRandomSwap(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 2_000_003)
  if (random.chance(0.5)) return spec
  return { ...spec, pools: spec.pools.map((pool) => withSwap(pool, random)) }
}

function withSwap(pool: PoolSpec, random: RandomNumbers): PoolSpec {
  const swap = {
    // From none at all to all of it, over so little that some are recomputed.
    blocks: Math.floor(pool.memory.kvBlocks * random.pick([0, 0.3, 1, 10])),
    bandwidthBytesPerSecond: random.pick([1e8, 2e9, 1e12]),
  }
  return { ...pool, memory: { ...pool.memory, swap } }
}
