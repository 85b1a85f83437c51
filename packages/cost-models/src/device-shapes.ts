import {
  meanKvHeads,
  parameterCounts,
  type GroupedAttention,
  type LatentAttention,
  type Model,
  type ReplicaLayout,
} from '@llmsim/contracts'
import { expertLayout } from './expert-layout.js'

/** What one device holds of one layer, in elements; the heads and the inner sizes are split over TP, experts as `expertLayout` says. */
export interface DeviceShapes {
  /** Query heads of one device. */
  readonly heads: number
  /** Key and value elements that one token adds to one layer's cache on one device. */
  readonly kvElements: number
  /** Key and value elements of one token and layer, each counted once. */
  readonly kvElementsWhole: number
  /** Bytes that the keys of an indexer add to one token and layer, on every device. */
  readonly indexBytes: number
  /** Width of queries, keys and values together, of one token on one device. */
  readonly qkvWidth: number
  /** Width of the attention's result, of one token on one device. */
  readonly outputWidth: number
  /** Weights of the query, key and value projections. */
  readonly qkvWeights: number
  readonly outputWeights: number
  /** Matrices in a feed-forward network that read the hidden state: gate and up, or up alone. */
  readonly ffnInputs: number
  /** Inner width of a plain network. */
  readonly denseInner: number
  readonly expertInner: number
  readonly sharedInner: number
  /** Attention weights besides the projections (biases, norms, sinks): on every device. */
  readonly attentionRest: number
  /** Layers with attention, and with a state in its place; what one device has of the latter. */
  readonly attentionLayers: number
  readonly stateLayers: number
  readonly stateInput: number
  readonly stateOutput: number
  /** Bytes of one layer's state of one sequence on one device. */
  readonly stateBytes: number
  readonly denseLayers: number
  readonly moeLayers: number
  /** Layers that one stage runs: the fullest one. */
  readonly layersPerStage: number
  /** Embedding rows, and LM head columns, of one device. */
  readonly vocab: number
}

export interface AttentionShapes {
  heads: number
  kvElements: number
  indexBytes: number
  qkvWidth: number
  outputWidth: number
  qkvWeights: number
  outputWeights: number
}

/** Key/value heads are split over TP; with fewer of them than devices each device holds one. */
function groupedShapes(
  h: number,
  a: GroupedAttention,
  kvHeads: number,
  tp: number,
): AttentionShapes {
  const heads = a.heads / tp
  const kvElements = 2 * Math.max(1, kvHeads / tp) * a.head_dim
  const queries = heads * a.head_dim
  const qkvWidth = (a.output_gate === true ? 2 * queries : queries) + kvElements
  const outputWidth = heads * a.head_dim
  return {
    heads,
    kvElements,
    indexBytes: 0,
    qkvWidth,
    outputWidth,
    qkvWeights: h * qkvWidth,
    outputWeights: outputWidth * h,
  }
}

/** Elements of a key that share one scale of 32 bits in an indexer's cache of 8 bits (DeepGEMM). */
const INDEX_SCALE_BLOCK = 128

/** The down projections, the latent cache and an indexer are whole on every device; only heads are split. */
function latentShapes(h: number, a: LatentAttention, tp: number): AttentionShapes {
  const heads = a.heads / tp
  const qk = a.qk_nope_head_dim + a.qk_rope_head_dim
  const query = a.q_lora_rank === undefined ? h * heads * qk : a.q_lora_rank * (h + heads * qk)
  const kvElements = a.kv_lora_rank + a.qk_rope_head_dim
  const { indexer } = a
  const index =
    indexer === undefined
      ? 0
      : (a.q_lora_rank ?? h) * indexer.heads * indexer.head_dim +
        h * (indexer.head_dim + indexer.heads)
  const up = a.kv_lora_rank * heads * (a.qk_nope_head_dim + a.v_head_dim)
  return {
    heads,
    kvElements,
    indexBytes:
      indexer === undefined
        ? 0
        : indexer.head_dim + 4 * Math.ceil(indexer.head_dim / INDEX_SCALE_BLOCK),
    qkvWidth: heads * (2 * qk + a.v_head_dim) + kvElements,
    outputWidth: heads * a.v_head_dim,
    qkvWeights: query + h * kvElements + up + index,
    outputWeights: heads * a.v_head_dim * h,
  }
}

/** What one device holds of one layer with attention. */
export function attentionShapes(model: Model, tp: number): AttentionShapes {
  const a = model.attention
  return a.kind === 'gqa'
    ? groupedShapes(model.hidden_size, a, meanKvHeads(model), tp)
    : latentShapes(model.hidden_size, a, tp)
}

/** Bytes of one layer's state of one sequence: the recurrent state in 32 bits, the convolution's in 16. */
export function stateBytesOf({ state }: Model): number {
  return state === undefined ? 0 : 4 * state.state_elements + 2 * state.convolution_elements
}

/** What one device of a replica holds and computes. */
export function deviceShapes(layout: ReplicaLayout): DeviceShapes {
  const { model, tensorParallel: tp } = layout
  const { ffn } = model
  const counts = parameterCounts(model)
  const whole = attentionShapes(model, 1)
  const moe = ffn.kind === 'moe'
  return {
    ...attentionShapes(model, tp),
    kvElementsWhole: whole.kvElements,
    attentionRest: counts.attentionPerLayer - whole.qkvWeights - whole.outputWeights,
    attentionLayers: counts.attentionLayers,
    stateLayers: counts.stateLayers,
    stateInput: (model.state?.input_width ?? 0) / tp,
    stateOutput: (model.state?.output_width ?? 0) / tp,
    stateBytes: stateBytesOf(model) / tp,
    ffnInputs: ffn.gated ? 2 : 1,
    denseInner: (moe ? ffn.dense_intermediate_size : ffn.intermediate_size) / tp,
    expertInner: moe ? ffn.expert_intermediate_size / expertLayout(layout).split : 0,
    sharedInner: moe ? ffn.shared_intermediate_size / tp : 0,
    denseLayers: counts.denseLayers,
    moeLayers: counts.moeLayers,
    layersPerStage: Math.ceil(model.layers / layout.pipelineParallel),
    vocab: model.vocab_size / tp,
  }
}
