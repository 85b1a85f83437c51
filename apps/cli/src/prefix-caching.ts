import {
  GB,
  GIB,
  MICROSECOND,
  SimulatorError,
  type KvTierSpec,
  type PoolSpec,
} from '@llmsim/contracts'
import { blockCount } from './block-count.js'
import type { DeployedPool } from './deployment.js'
import type { ResolvedKvTier, ResolvedScenario } from './scenario/resolved-scenario.js'

/**
 * The prefix cache of a pool's replicas. Throws `SimulatorError` `DOES_NOT_FIT` for a tier that holds no KV
 * block.
 */
export function prefixCaching(
  { engine }: ResolvedScenario,
  { memory, layout }: DeployedPool,
): Pick<PoolSpec, 'prefixCaching'> {
  if (engine.enable_prefix_caching !== true) return {}
  const stateBytes = layout.model.state === undefined ? 0 : memory.stateBytes
  const blockBytes = memory.kvBytesPerToken * memory.blockSize + stateBytes
  const { kv_tiers: tiers } = engine
  if (tiers === undefined) return { prefixCaching: { blockBytes } }
  return {
    prefixCaching: {
      blockBytes,
      ...(stateBytes === 0 ? {} : { stateBytes }),
      tiers: tiers.map((tier, i) => tierSpec(tier, i, blockBytes)),
    },
  }
}

function tierSpec(tier: ResolvedKvTier, index: number, blockBytes: number): KvTierSpec {
  const { name, scope, capacity_gb: capacity = Infinity } = tier
  const path = `engine.kv_tiers[${index}].capacity_gb`
  const blocks = blockCount(capacity, blockBytes, path)
  if (blocks === 0)
    throw new SimulatorError({
      code: 'DOES_NOT_FIT',
      path,
      message: 'holds no KV block',
      given: capacity,
      accepted: `at least ${(blockBytes / GIB).toPrecision(3)} for one block`,
    })
  return {
    name,
    scope,
    blocks,
    bandwidthBytesPerSecond: tier.bandwidth_gbs * GB,
    latencySeconds: tier.latency_us * MICROSECOND,
    write: tier.write_policy,
    survives: tier.survives,
  }
}
