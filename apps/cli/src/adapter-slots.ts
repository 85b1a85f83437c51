import { GB, type PoolSpec } from '@llmsim/contracts'
import type { DeployedPool } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import { hostLinkOf } from './swap-space.js'

/**
 * Room for LoRA adapters in the replicas of a pool. A device reads its part of one over its host link; before that
 * each reads the whole file into host memory, all at once.
 */
export function adapterSlots(
  { engine }: ResolvedScenario,
  pool: DeployedPool,
): Pick<PoolSpec, 'adapterSlots'> {
  const { lora } = engine
  if (lora === undefined) return {}
  const { adapterBytesPerRank, adapterBytesPerRankWhole } = pool.memory
  return {
    adapterSlots: {
      slots: lora.max_loras,
      hostSlots: lora.max_cpu_loras,
      secondsPerRank: adapterBytesPerRank / hostLinkOf(engine, pool),
      storageSecondsPerRank: adapterBytesPerRankWhole / (lora.storage_gbs * GB),
      ...(lora.pad_ranks ? { paddedRank: lora.max_lora_rank } : {}),
    },
  }
}
