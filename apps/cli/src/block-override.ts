import { GIB } from '@llmsim/contracts'
import type { MemoryFootprint } from '@llmsim/cost-models'
import { count } from './output/figures.js'

/**
 * The memory with a stated number of KV blocks in place of those that it holds. What is left unused shrinks as they
 * need it, or grows; beyond the device the parts add up to more than it has.
 */
export function withBlocks(memory: MemoryFootprint, blocks: number | undefined): MemoryFootprint {
  if (blocks === undefined) return memory
  const { deviceBytes, parts } = memory
  const kvCacheBytes = blocks * memory.bytesPerBlock
  const left = Math.max(0, deviceBytes - leastWithoutCache(memory) - kvCacheBytes)
  // A reserve that the blocks took is in use by them alone.
  const taken = Math.max(0, unusedOf(memory) - left)
  return {
    ...memory,
    kvBlocks: blocks,
    kvCacheBytes,
    reserveBytes: memory.reserveBytes - taken,
    staticBytes: memory.staticBytes - taken,
    parts: parts.map((part) =>
      part.name === 'KV cache'
        ? { ...part, bytes: kvCacheBytes }
        : part.name === 'left unused'
          ? { ...part, bytes: left }
          : part,
    ),
  }
}

/** What to say of KV blocks that no such device holds; undefined where it does. */
export function blocksBeyond(memory: MemoryFootprint, accelerator: string): string | undefined {
  const least = leastWithoutCache(memory)
  if (least + memory.kvCacheBytes <= memory.deviceBytes) return undefined
  const gib = (bytes: number): string => (bytes / GIB).toFixed(1)
  return (
    `engine.num_gpu_blocks_override: ${count(memory.kvBlocks)} KV blocks take ${gib(memory.kvCacheBytes)} GiB of each ` +
    `device beside ${gib(least)} of weights and activations, ${accelerator} has ${gib(memory.deviceBytes)}: no such ` +
    `device runs this`
  )
}

/** What is there whatever the KV cache takes. */
function leastWithoutCache(memory: MemoryFootprint): number {
  return memory.staticBytes - unusedOf(memory)
}

function unusedOf({ parts }: MemoryFootprint): number {
  return parts.find(({ name }) => name === 'left unused')?.bytes ?? 0
}
