import type { LatentAttention, SparseIndexer } from '@llmsim/contracts'
import type { Operator } from '../operator.js'
import { CalibratedAttention, type AttentionLayers } from './calibrated-attention.js'
import { passes, type CalibratedInputs } from './calibrated-inputs.js'
import { scoreDecode, scorePrefill } from './sparse-curves.js'

/** Query heads that the sparse kernels compute at least, as FlashMLA takes them; fewer are padded. */
const LEAST_HEADS = 64

/** Bytes per token and query of the context that choosing moves: a score in 32 bits, written and read. */
const SCORE_BYTES = 8

/**
 * Kernels of one layer's indexer beside its products and the scores: norm and rotary embedding of the key, rotary
 * embedding of the queries, a Hadamard transform and a quantisation of both, the write to the cache, the choice
 * and the translation of what was chosen into places of the cache (SGLang's `nsa_indexer.py`).
 */
const KERNELS = 10

/** Products and small kernels of the indexer, on every device alike. */
export function indexerOperators(
  inputs: CalibratedInputs,
  layers: number,
  { q_lora_rank: rank, indexer }: LatentAttention,
): Operator[] {
  if (indexer === undefined) return []
  const { device, layout } = inputs
  const { hidden_size: h } = layout.model
  const width = indexer.heads * indexer.head_dim
  return [
    device.product('indexer_query', layers, rank ?? h, width),
    device.product('indexer_key', layers, h, indexer.head_dim),
    device.product('indexer_weights', layers, h, indexer.heads, false),
    device.mover(
      'indexer_elementwise',
      layers,
      KERNELS,
      // Queries and key are read and written by the embedding, the transform and the quantisation.
      6 * device.residualBytes * (width + indexer.head_dim),
    ),
  ]
}

/** Scores over the whole context, and attention to the chosen tokens of it. */
export function sparseAttention(
  inputs: CalibratedInputs,
  latent: AttentionLayers,
  attention: LatentAttention,
  indexer: SparseIndexer,
): CalibratedAttention[] {
  const { device, shapes, layout } = inputs
  const eight = layout.accelerator.peak_flop_per_s.fp8 === undefined ? 'bf16' : 'fp8'
  const { kv_lora_rank: lora, qk_rope_head_dim: rope } = attention
  const queryBytes = indexer.heads * indexer.head_dim
  return [
    new CalibratedAttention({
      ...latent,
      name: 'indexer',
      layers: passes(inputs, shapes.attentionLayers),
      heads: indexer.heads,
      kvHeads: 1,
      prefillFlopPerPair: 2 * indexer.head_dim,
      prefillBytesPerToken: queryBytes + 2 * shapes.indexBytes,
      decodeFlopPerHead: 2 * indexer.head_dim,
      kvBytesPerToken: shapes.indexBytes + latent.verifiedTokens * SCORE_BYTES,
      decodeRowBytes: latent.verifiedTokens * queryBytes,
      prefillCurve: scorePrefill,
      decodeCurve: scoreDecode,
      prefillRatio: 1,
      decodeRatio: 1,
      device: device.device(eight, eight),
    }),
    new CalibratedAttention({
      ...latent,
      name: 'sparse',
      windowTokens: indexer.topk,
      window: 0,
      chosen: {
        heads: Math.max(LEAST_HEADS, latent.heads),
        flopPerPair: 2 * (2 * lora + rope),
      },
    }),
  ]
}
