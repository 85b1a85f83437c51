import { bytesPerElement, type ReplicaLayout } from '@llmsim/contracts'
import { unquantisedFormat } from './compute-format.js'
import type { DeviceShapes } from './device-shapes.js'

/** A product that LoRA adapters change, on one device: `r * (in + out)` weights at rank `r` beside its own. */
export interface AdaptedProduct {
  readonly name: string
  /** Layers that have it. */
  readonly layers: number
  /** Elements that its input has, counted once for each of the matrices that are fused into it. */
  readonly inputs: number
  readonly outputs: number
}

/**
 * The products of a model that its LoRA adapters change, as one device of a TP group holds them: where the columns
 * of a product are split, A is whole on each device and B is split, and where the rows are, A is split and B whole
 * (vLLM's layers without `fully_sharded_loras`; S-LoRA, arXiv:2311.03285, 6, splits both).
 *
 * Of latent attention the expansion of keys and values is left out, which decoding absorbs; of mixtures the routed
 * experts are, as embedding, LM head, and layers that keep a state.
 */
export function adaptedProducts(layout: ReplicaLayout, shapes: DeviceShapes): AdaptedProduct[] {
  const { hidden_size: h, attention } = layout.model
  const { attentionLayers: layers, heads, kvElements, outputWidth } = shapes
  const products: AdaptedProduct[] = []
  const add = (name: string, count: number, inputs: number, outputs: number): void => {
    if (count > 0 && outputs > 0) products.push({ name, layers: count, inputs, outputs })
  }
  if (attention.kind === 'gqa') add('qkv', layers, 3 * h, shapes.qkvWidth)
  else {
    const queries = heads * (attention.qk_nope_head_dim + attention.qk_rope_head_dim)
    const { q_lora_rank: rank } = attention
    if (rank === undefined) add('qkv', layers, 2 * h, queries + kvElements)
    else {
      add('latent', layers, 2 * h, rank + kvElements)
      add('query', layers, rank, queries)
    }
  }
  add('output', layers, outputWidth, h)
  if (layout.adapterModules === 'attention') return products
  const network = (prefix: string, count: number, inner: number): void => {
    if (inner === 0) return
    add(`${prefix}_up`, count, shapes.ffnInputs * h, shapes.ffnInputs * inner)
    add(`${prefix}_down`, count, inner, h)
  }
  network('ffn', shapes.denseLayers, shapes.denseInner)
  network('shared_experts', shapes.moeLayers, shapes.sharedInner)
  return products
}

/** Bytes of an adapter on the fullest device, for each of its ranks; 16 bits an element, whatever the weights have. */
export function adapterBytesPerRank(layout: ReplicaLayout, shapes: DeviceShapes): number {
  const element = bytesPerElement[unquantisedFormat(layout.activationFormat)]
  const share = shapes.layersPerStage / layout.model.layers
  return adaptedProducts(layout, shapes).reduce(
    (sum, { layers, inputs, outputs }) => sum + share * layers * (inputs + outputs) * element,
    0,
  )
}
