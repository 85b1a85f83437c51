import type { SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in a fifth of the cases with steps that make several tokens of a sequence. */
export function withRandomDrafts(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 4_000_037)
  if (!random.chance(0.2)) return spec
  const tokenShares = random.pick([
    [0.5, 0.5],
    [0.25, 0.25, 0.5],
    [1, 0],
  ])
  return { ...spec, pools: spec.pools.map((pool) => ({ ...pool, tokenShares })) }
}
