import { bytesPerElement, type Model, type NumberFormat } from '@llmsim/contracts'
import { attentionShapes, stateBytesOf } from './device-shapes.js'

/** Tokens that the blocks of attention kernels are a multiple of. */
const ALIGNMENT = 16

/**
 * Tokens in a KV block of a model with layers that keep a state, where a state is kept with each block for
 * requests that begin alike: as many as take the room of one layer's state in one layer with attention, in
 * multiples of 16. vLLM chooses so that blocks of both kinds are one size (`vllm/platforms/interface.py`). 16 for
 * other models.
 */
export function stateBlockSize(
  model: Model,
  tensorParallel: number,
  kvCacheFormat: NumberFormat,
): number {
  const { kvElements, indexBytes } = attentionShapes(model, tensorParallel)
  const tokenBytes = kvElements * bytesPerElement[kvCacheFormat] + indexBytes
  const state = stateBytesOf(model) / tensorParallel
  return ALIGNMENT * Math.max(1, Math.ceil(state / (ALIGNMENT * tokenBytes)))
}
