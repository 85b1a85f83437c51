import { SimulatorError, type ReplicaMemory, type Scheduler } from '@llmsim/contracts'
import type { MemoryFootprint } from '@llmsim/cost-models'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** Whether layers with a window keep all tokens: as the scenario says, and where blocks are kept below the devices. */
export function keepsWholeContexts(engine: ResolvedScenario['engine']): boolean {
  return engine.disable_hybrid_kv_cache_manager === true || (engine.kv_tiers ?? []).length > 0
}

/** Throws `SimulatorError` `CONFLICT` where a chunk of attention ends within a KV block. */
export function requireWholeChunks({ groups, blockSize }: MemoryFootprint): void {
  if (groups?.kind !== 'chunked' || groups.tokens % blockSize === 0) return
  throw new SimulatorError({
    code: 'CONFLICT',
    path: 'engine.block_size',
    message: `does not divide the ${groups.tokens} tokens that a layer of the model sees`,
    given: blockSize,
    accepted: `a divisor of ${groups.tokens}, or engine.disable_hybrid_kv_cache_manager`,
  })
}

/** What the layers with a window keep in the KV cache of a replica. */
export function windowedKv(
  { groups }: Pick<MemoryFootprint, 'groups'>,
  { promptChunkTokens: chunkTokens = Infinity }: Scheduler,
): Pick<ReplicaMemory, 'windowed'> {
  if (groups === undefined) return {}
  const { tokens, kind, fullGroups, windowedGroups } = groups
  return { windowed: { tokens, kind, fullGroups, windowedGroups, chunkTokens } }
}
