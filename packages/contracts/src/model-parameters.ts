import type { LatentAttention, Model } from './model.js'

/** Parameters of a model by part, in elements. */
export interface ParameterCounts {
  /** Token embedding, learned positions and the norm behind them. */
  readonly embedding: number
  /** Attention of one layer: projections, biases, norms on heads. */
  readonly attentionPerLayer: number
  /** A layer of linear attention or of a state-space model (0 without such). */
  readonly statePerLayer: number
  /** Layers with attention, and with a state in its place. */
  readonly attentionLayers: number
  readonly stateLayers: number
  /** One plain feed-forward network (0 where every layer is a mixture). */
  readonly denseFfn: number
  /** One routed expert (0 without experts). */
  readonly expert: number
  /** The shared experts of one layer together. */
  readonly sharedExperts: number
  /** The router of one layer. */
  readonly router: number
  /** Norms over the hidden size in one layer. */
  readonly normsPerLayer: number
  readonly finalNorm: number
  /** The LM head; 0 when it shares the embedding's matrix. */
  readonly lmHead: number
  /** Layers with a plain network, and layers with experts. */
  readonly denseLayers: number
  readonly moeLayers: number
  readonly other: number
  readonly total: number
  /** Parameters that one token passes through: all but the experts it does not visit. */
  readonly active: number
}

/** Key/value heads of a layer with attention, on average; 1 for a latent cache. */
export function meanKvHeads({ attention, layers, state }: Model): number {
  if (attention.kind === 'mla') return 1
  const { kv_heads: each, total_kv_heads: total } = attention
  return total === undefined ? each : total / (layers - (state?.layers ?? 0))
}

function attentionParameters(model: Model): number {
  const h = model.hidden_size
  const a = model.attention
  if (a.kind === 'gqa') {
    const q = a.heads * a.head_dim
    const kv = 2 * meanKvHeads(model) * a.head_dim
    return (
      h * (q + kv) +
      q * h +
      (a.output_gate === true ? h * q : 0) +
      (a.qkv_bias ? q + kv : 0) +
      (a.output_bias ? h : 0) +
      (a.qk_norm ? 2 * a.head_dim : 0) +
      (a.sinks ? a.heads : 0)
    )
  }
  const qk = a.qk_nope_head_dim + a.qk_rope_head_dim
  const query =
    a.q_lora_rank === undefined
      ? h * a.heads * qk
      : h * a.q_lora_rank + a.q_lora_rank + a.q_lora_rank * a.heads * qk
  const down = h * (a.kv_lora_rank + a.qk_rope_head_dim) + a.kv_lora_rank
  const up = a.kv_lora_rank * a.heads * (a.qk_nope_head_dim + a.v_head_dim)
  return query + down + up + a.heads * a.v_head_dim * h + indexerParameters(h, a)
}

/** The indexer of sparse attention: queries from the latent, a key and a weight per head, the key's norm. */
function indexerParameters(h: number, { indexer, q_lora_rank }: LatentAttention): number {
  if (indexer === undefined) return 0
  const { heads, head_dim } = indexer
  return (q_lora_rank ?? h) * heads * head_dim + h * (head_dim + heads) + 2 * head_dim
}

/** One feed-forward network of `inner` intermediate size. */
function ffnParameters(hidden: number, inner: number, gated: boolean, bias: boolean): number {
  const inputs = gated ? 2 : 1
  return hidden * inner * (inputs + 1) + (bias ? inputs * inner + hidden : 0)
}

/** Counts the parameters that a model's architecture implies. */
export function parameterCounts(model: Model): ParameterCounts {
  const h = model.hidden_size
  const ffn = model.ffn
  const normSize = model.norm.kind === 'layernorm' ? 2 * h : h
  const embedding =
    model.vocab_size * h +
    (model.learned_positions ?? 0) * h +
    (model.norm.on_embedding ? normSize : 0)
  const attentionPerLayer = attentionParameters(model)
  const { state } = model
  const statePerLayer =
    state === undefined ? 0 : h * (state.input_width + state.output_width) + state.other_parameters
  const stateLayers = state?.layers ?? 0
  const attentionLayers = model.layers - stateLayers
  const moe = ffn.kind === 'moe'
  const moeLayers = moe ? model.layers - ffn.dense_layers : 0
  const denseLayers = model.layers - moeLayers
  const denseFfn =
    denseLayers === 0
      ? 0
      : ffnParameters(
          h,
          moe ? ffn.dense_intermediate_size : ffn.intermediate_size,
          ffn.gated,
          ffn.bias,
        )
  const expert = moe ? ffnParameters(h, ffn.expert_intermediate_size, ffn.gated, ffn.bias) : 0
  const sharedExperts =
    moe && ffn.shared_intermediate_size > 0
      ? ffnParameters(h, ffn.shared_intermediate_size, ffn.gated, ffn.bias)
      : 0
  const router = moe ? h * ffn.experts + (ffn.router_bias ? ffn.experts : 0) : 0
  const normsPerLayer = model.norm.per_layer * normSize
  const lmHead =
    (model.tied_embeddings ? 0 : model.vocab_size * h) + (model.lm_head_bias ? model.vocab_size : 0)
  const shared =
    embedding +
    lmHead +
    normSize +
    attentionLayers * attentionPerLayer +
    stateLayers * statePerLayer +
    model.layers * normsPerLayer +
    denseLayers * denseFfn +
    moeLayers * (router + sharedExperts)
  return {
    embedding,
    attentionPerLayer,
    statePerLayer,
    attentionLayers,
    stateLayers,
    denseFfn,
    expert,
    sharedExperts,
    router,
    normsPerLayer,
    finalNorm: normSize,
    lmHead,
    denseLayers,
    moeLayers,
    other: model.other_parameters,
    total: shared + model.other_parameters + moeLayers * (moe ? ffn.experts : 0) * expert,
    active: shared + moeLayers * (moe ? ffn.experts_per_token : 0) * expert,
  }
}

/** What of its published parameter count a model's architecture may be off: roundings, and parts that no field describes. */
export const PARAMETER_COUNT_TOLERANCE = 0.01

/** The count that an architecture gives and the published one, where they are further apart than the tolerance. */
export interface ParameterCountGap {
  readonly derived: number
  readonly published: number
  /** Of the published one, above 0. */
  readonly relativeError: number
}

/** How a model's architecture and its published parameter count disagree; undefined: they agree to 1 %. */
export function parameterCountGap(model: Model): ParameterCountGap | undefined {
  const { total: derived } = parameterCounts(model)
  const { parameters: published } = model.published
  const relativeError = Math.abs(derived - published) / published
  return relativeError > PARAMETER_COUNT_TOLERANCE
    ? { derived, published, relativeError }
    : undefined
}
