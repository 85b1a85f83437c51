import type { Distribution, KvCacheUse, MemoryUse } from '@llmsim/contracts'
import { GIB } from '@llmsim/contracts'
import { ExactDistribution, figure } from '@llmsim/metrics'
import type { Pool } from './pool.js'
import { prefixHitRate } from './prefix-figures.js'

/** Used KV blocks over time and replicas, each sample weighted with the time it stands for. */
export function sampledBlocks(pool: Pool): Distribution {
  // By blocks, of which there are fewer than samples. Intervals are powers of two: their sums are exact.
  const weights = new Map<number, number>()
  const count = (blocks: number, seconds: number): unknown =>
    weights.set(blocks, (weights.get(blocks) ?? 0) + seconds)
  for (const { sampler } of pool.replicas) {
    const { size, interval } = sampler
    if (size === 0) continue
    if (sampler.isZero) {
      count(0, size * interval)
      continue
    }
    const { values } = sampler
    let from = 0
    for (let i = 1; i <= size; i++) {
      if (i < size && values[i] === values[from]) continue
      count(values[from]!, (i - from) * interval)
      from = i
    }
  }
  const samples = new ExactDistribution()
  for (const [blocks, seconds] of weights) samples.add(blocks, seconds)
  return samples
}

/** Memory of the fullest device of a pool, in units of 2^30 bytes. */
export function memoryUse(pool: Pool, samples: Distribution): MemoryUse {
  const { staticBytes, bytesPerBlock } = pool.spec.memory
  const inUse = (blocks: number): number | null =>
    figure((staticBytes + blocks * bytesPerBlock) / GIB)
  const peak = peakBlocks(pool)
  return {
    peak_memory_gb: inUse(peak),
    p95_memory_gb: inUse(samples.count > 0 ? samples.quantile(0.95) : peak),
    p50_memory_gb: inUse(samples.count > 0 ? samples.quantile(0.5) : peak),
  }
}

export function kvCacheUse(pool: Pool, samples: Distribution): KvCacheUse {
  const { kvBlocks } = pool.spec.memory
  return {
    total_blocks: kvBlocks,
    peak_used_blocks: peakBlocks(pool),
    mean_utilization: figure(samples.mean / kvBlocks),
    prefix_hit_rate: prefixHitRate([pool]),
  }
}

function peakBlocks(pool: Pool): number {
  return pool.replicas.reduce((peak, { kv }) => Math.max(peak, kv.peak), 0)
}
