import type { PoolView, RouterFactory } from '@llmsim/contracts'
import { numberOption } from './option-values.js'

/**
 * The replica with the highest sum of weighted scores, each from 0 to 1: of its queue (1 for the shortest,
 * 0 for the longest), of its KV cache (the share of blocks that are free) and of its prefix cache (the
 * share of the prompt that it holds); and where requests have LoRA adapters, of those (1 where the request's is in
 * use or in memory, 0.8 where a slot is free for it, 0.6 where requests wait there for it). Of equals, the one after
 * the last chosen.
 *
 * The scorers and the default weights of 2, 2 and 3 are those of the endpoint picker of llm-d and the
 * Gateway API inference extension: `queue-scorer`, `kv-cache-utilization-scorer` and
 * `prefix-cache-scorer` under `max-score-picker`; `lora-affinity-scorer` has no usual weight there, and 1 here.
 */
export const weighted: RouterFactory = {
  name: 'weighted',
  description:
    'The replica with the highest weighted score of queue, KV cache, prefix cache and LoRA adapter.',
  options: ['queue_weight', 'kv_weight', 'prefix_weight', 'lora_weight'],
  create(options) {
    const weight = (name: string, otherwise: number): number =>
      numberOption(options, name, otherwise, { least: 0, meaning: 'weight of a score' })
    const queueWeight = weight('queue_weight', 2)
    const kvWeight = weight('kv_weight', 2)
    const prefixWeight = weight('prefix_weight', 3)
    const loraWeight = weight('lora_weight', 1)
    let start = 0
    return {
      name: 'weighted',
      route(request, pool) {
        const count = pool.replicas
        let longest = -Infinity
        let shortest = Infinity
        for (let replica = 0; replica < count; replica++) {
          const queued = pool.queued(replica)
          if (queued > longest) longest = queued
          if (queued < shortest) shortest = queued
        }
        let chosen = 0
        let highest = -Infinity
        for (let step = 0; step < count; step++) {
          const replica = (start + step) % count
          const queue =
            longest === shortest ? 1 : (longest - pool.queued(replica)) / (longest - shortest)
          const kv = 1 - pool.usedBlocks(replica) / pool.totalBlocks(replica)
          const prefix = (pool.cachedTokens?.(replica) ?? 0) / request.promptTokens
          let score = queueWeight * queue + kvWeight * kv + prefixWeight * prefix
          if (pool.adapterPlace !== undefined) score += loraWeight * adapterScore(pool, replica)
          if (score <= highest) continue
          highest = score
          chosen = replica
        }
        start = chosen + 1
        return chosen
      },
    }
  },
}

function adapterScore(pool: PoolView, replica: number): number {
  const place = pool.adapterPlace?.(replica)
  if (place === 'running' || place === 'resident') return 1
  if ((pool.freeAdapterSlots?.(replica) ?? 0) > 0) return 0.8
  return place === 'waiting' ? 0.6 : 0
}
