import type { CostModel, PoolSpec, SimulationSpec, StepWork } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/**
 * The same specification, in some of the cases with attention ranks that share experts, and in some with
 * its time taken apart.
 */
export function withRandomRanks(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 3_000_017)
  const breakdown = random.chance(0.4)
  const pools = spec.pools.map((pool) => (random.chance(0.3) ? withRanks(pool, random) : pool))
  return { ...spec, pools, breakdown }
}

function withRanks(pool: PoolSpec, random: RandomNumbers): PoolSpec {
  const ranks = random.pick([2, 2, 3])
  return {
    ...pool,
    attentionRanks: ranks,
    devicesPerReplica: pool.devicesPerReplica * ranks,
    costModel: withSharedExperts(pool.costModel, random.pick([0, 1e-5])),
  }
}

/** A cost model with a part that depends on the tokens of all ranks. */
function withSharedExperts(model: CostModel, perToken: number): CostModel {
  const shared = (work: StepWork): number =>
    perToken * (work.groupTokens ?? work.prefillTokens + work.decodes)
  return {
    name: model.name,
    step(work, into) {
      model.step(work, into)
      into.seconds += shared(work)
    },
    breakdown(work) {
      const seconds = shared(work)
      return [
        ...model.breakdown(work),
        { name: 'shared', seconds, flop: 0, bytes: 0, sentBytes: 0, bound: 'compute' },
      ]
    },
  }
}
