import type { PoolSpec } from '@llmsim/contracts'
import type { DeployedPool } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** The prefix cache of a pool's replicas. */
export function prefixCaching(
  { engine }: ResolvedScenario,
  { memory }: DeployedPool,
): Pick<PoolSpec, 'prefixCaching'> {
  if (engine.enable_prefix_caching !== true) return {}
  return { prefixCaching: { blockBytes: memory.kvBytesPerToken * memory.blockSize } }
}
