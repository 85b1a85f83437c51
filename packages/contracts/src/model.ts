import { z } from 'zod'
import { CatalogName, CatalogSource } from './catalog-source.js'
import { NumberFormat } from './number-format.js'
import { VisionEncoder } from './vision.js'

const count = z.int().positive()

/** Some layers see only the last `tokens` positions. */
export const AttentionWindow = z.strictObject({
  /** Window length in tokens. */
  tokens: count,
  /** How many of the model's layers are windowed; the others see the whole context. */
  layers: count,
  /** `sliding`: the last tokens; `chunked`: the tokens of the current chunk only. */
  kind: z.enum(['sliding', 'chunked']).default('sliding'),
})

/** Multi-head, grouped-query and multi-query attention: they differ in `kv_heads` alone. */
export const GroupedAttention = z.strictObject({
  kind: z.literal('gqa'),
  /** Query heads. */
  heads: count,
  /** Key/value heads: equal to `heads` for multi-head attention, 1 for multi-query. */
  kv_heads: count,
  /**
   * Key/value heads of all layers together, where layers have different numbers of them (variable GQA);
   * `kv_heads` is then the largest. Absent: all have as many.
   */
  total_kv_heads: count.optional(),
  head_dim: count,
  /** A bias on the query, key and value projections. */
  qkv_bias: z.boolean().default(false),
  /** A bias on the output projection. */
  output_bias: z.boolean().default(false),
  /** A norm with one weight per head dimension on queries and on keys. */
  qk_norm: z.boolean().default(false),
  /** One learned sink logit per query head. */
  sinks: z.boolean().default(false),
  /** The result is gated by a projection as wide as the queries. */
  output_gate: z.boolean().optional(),
  window: AttentionWindow.optional(),
})

/**
 * Sparse attention (DeepSeek-V3.2): an indexer of its own, with one small key per token, scores the whole
 * context, and attention sees the `topk` tokens with the highest scores.
 */
export const SparseIndexer = z.strictObject({
  /** Query heads of the indexer; its key is shared by all of them. */
  heads: count,
  head_dim: count,
  /** Tokens that a position sees at most. */
  topk: count,
})

/** Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434). */
export const LatentAttention = z.strictObject({
  kind: z.literal('mla'),
  heads: count,
  /** Rank of the query projection; absent where queries are projected directly. */
  q_lora_rank: count.optional(),
  kv_lora_rank: count,
  qk_nope_head_dim: count,
  qk_rope_head_dim: count,
  v_head_dim: count,
  /** Chooses the tokens that are attended to; absent: all of them. */
  indexer: SparseIndexer.optional(),
})

/**
 * Layers that keep a state of constant size for each sequence in place of a KV cache: linear attention and
 * state-space models. They stand in the place of attention in so many of the model's layers.
 */
export const StateLayers = z.strictObject({
  /** Gated DeltaNet, Mamba (1 and 2), Lightning Attention. */
  kind: z.enum(['gated-delta', 'mamba', 'mamba2', 'lightning']),
  layers: count,
  /** Columns of all products that read the hidden state: queries, keys, values, gates. */
  input_width: count,
  /** Rows of the product that writes it. */
  output_width: count,
  /** Elements of one layer's recurrent state, kept in 32 bits. */
  state_elements: count,
  /** Elements of the tokens that its convolution remembers, kept in 16 bits. */
  convolution_elements: z.int().nonnegative().default(0),
  /** Parameters of one layer besides: convolution, decay, further products within it, norms. */
  other_parameters: z.int().nonnegative().default(0),
})

/** One feed-forward network per layer. */
export const DenseFfn = z.strictObject({
  kind: z.literal('dense'),
  intermediate_size: count,
  /** Gated (SwiGLU, GeGLU): three matrices rather than two. */
  gated: z.boolean(),
  bias: z.boolean().default(false),
})

/** A mixture of experts, after `dense_layers` layers with one plain network. */
export const MoeFfn = z.strictObject({
  kind: z.literal('moe'),
  /** Routed experts in each layer. */
  experts: count,
  /** Routed experts that each token visits. */
  experts_per_token: count,
  /** Intermediate size of one routed expert. */
  expert_intermediate_size: count,
  gated: z.boolean(),
  bias: z.boolean().default(false),
  /** Width of all shared experts together (their count times their size); 0: none. */
  shared_intermediate_size: z.int().nonnegative().default(0),
  /** Groups that experts are chosen from, and those of them that one token's experts come from. */
  groups: count.optional(),
  groups_per_token: count.optional(),
  /** A bias per expert in the router (or a correction bias as in DeepSeek-V3). */
  router_bias: z.boolean().default(false),
  /** Layers with a plain network in place of experts. */
  dense_layers: z.int().nonnegative().default(0),
  /** Intermediate size of the plain networks; required when `dense_layers` is not 0. */
  dense_intermediate_size: z.int().nonnegative().default(0),
})

/**
 * A decoder-only transformer, as its published `config.json` describes it.
 *
 * Sizes are in elements, window and position limits in tokens.
 */
export const Model = z.strictObject({
  $schema: z.string().optional(),
  name: CatalogName,
  aliases: z.array(CatalogName).default([]),
  family: z.string(),
  /** Publisher of the weights. */
  publisher: z.string().optional(),
  layers: count,
  hidden_size: count,
  vocab_size: count,
  /** Longest context that the publisher states, in tokens. */
  max_context: count,
  attention: z.discriminatedUnion('kind', [GroupedAttention, LatentAttention]),
  /** Layers without attention; absent: every layer has it. */
  state: StateLayers.optional(),
  ffn: z.discriminatedUnion('kind', [DenseFfn, MoeFfn]),
  /** The LM head shares the embedding's matrix. */
  tied_embeddings: z.boolean(),
  /** A bias on the LM head. */
  lm_head_bias: z.boolean().default(false),
  norm: z.strictObject({
    kind: z.enum(['rmsnorm', 'layernorm']),
    /** Norms over the hidden size in each layer: 2 in a Llama, 4 in a Gemma 2, 1 where attention and FFN run in parallel. */
    per_layer: count.default(2),
    /** A norm behind the token embedding (BLOOM). */
    on_embedding: z.boolean().default(false),
  }),
  /** Rows of a learned position embedding; absent with RoPE or ALiBi. */
  learned_positions: count.optional(),
  /** Number format that the weights are published in. */
  dtype: NumberFormat.default('bf16'),
  /** Parameters outside the decoder that are held in memory (a vision tower), from the publisher. */
  other_parameters: z.int().nonnegative().default(0),
  /** Its encoder of images, whose weights are among `other_parameters`; absent: it takes text alone. */
  vision: VisionEncoder.optional(),
  published: z.strictObject({
    /** Total parameters as the publisher or the weight files state them. */
    parameters: z.number().positive(),
    /** Parameters that one token uses, for a mixture of experts. */
    active_parameters: z.number().positive().optional(),
  }),
  sources: z.array(CatalogSource).min(1),
})
export type Model = z.infer<typeof Model>
export type GroupedAttention = z.infer<typeof GroupedAttention>
export type SparseIndexer = z.infer<typeof SparseIndexer>
export type LatentAttention = z.infer<typeof LatentAttention>
export type StateLayers = z.infer<typeof StateLayers>
export type MoeFfn = z.infer<typeof MoeFfn>
export type DenseFfn = z.infer<typeof DenseFfn>
