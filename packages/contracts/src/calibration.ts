import { z } from 'zod'
import { CatalogName, CatalogSource } from './catalog-source.js'
import { numberFormats } from './number-format.js'

/** A share of what the datasheet states: never more than all of it. */
const fraction = z.number().positive().max(1)
const seconds = z.number().nonnegative()
const amount = z.number().nonnegative()

/**
 * How well two sides of a roofline hide each other: `(a^n + b^n)^(1/n)`, from badly (2) to almost wholly (8);
 * 4 when absent.
 */
const overlap = z.union([z.literal(2), z.literal(4), z.literal(8)]).optional()

const byFormat = <T extends z.ZodType>(curve: T) => z.partialRecord(z.enum(numberFormats), curve)

/**
 * A matrix product of one kernel: its launch, and the two sides of the roofline, which meet smoothly
 * (`overlap`), the compute side in whole waves of tiles over the compute units. The
 * loop of a tile meets both in the same way.
 */
export const MatrixCurve = z.strictObject({
  /** Share of the dense peak that full waves of long products reach. */
  compute_fraction: fraction,
  /** Share of the memory bandwidth that operands and results are moved at. */
  memory_fraction: fraction,
  /** Start and drain of one kernel, in seconds. */
  latency_s: seconds,
  /** Depth, in elements of the inner dimension, that filling the pipeline of each tile costs. */
  ramp_depth: amount,
  /** Seconds per element of the inner dimension that the loop of one tile takes, however few they are. */
  depth_s: seconds,
  /** Bytes that a pass of its own moves per input element (quantising activations); 0 at 16 bits. */
  pass_bytes_per_input: amount,
  /** Bytes per output element that are written after the product, not under it. */
  tail_bytes_per_output: amount,
  /**
   * Bandwidth of the second-level cache over that of the memory, at which units read the operands of their tiles:
   * small tiles wait for it. Absent: they do not, and the depth of a product is not split over units either.
   */
  cache_ratio: z.number().positive().optional(),
  /** Rows of the smallest tiles of kernels for few rows; 64 when absent. With `cache_ratio` only. */
  least_tile_rows: z.literal(16).optional(),
  overlap,
})

/** Routed experts: a product per expert in one kernel, each padded to whole tiles of rows. */
export const GroupedMatrixCurve = z.strictObject({
  compute_fraction: fraction,
  memory_fraction: fraction,
  /** Routing, permutation, launches and drain of one layer's experts, in seconds. */
  latency_s: seconds,
  /** Rows that padding to whole tiles adds to each expert that is visited. */
  padding_rows: amount,
  /** Bytes per element that permuting, activating and summing the rows moves besides. */
  pass_bytes_per_input: amount,
})

/** Causal attention over a prompt: launch, then the products with the cost of masks and softmax. */
export const PrefillAttentionCurve = z.strictObject({
  compute_fraction: fraction,
  memory_fraction: fraction,
  latency_s: seconds,
  /** Token pairs that each new token costs besides its own: masked halves of tiles, short rows. */
  extra_pairs_per_token: amount,
  /** FLOP that softmax costs per head and pair, as if done on the matrix units. */
  softmax_flop_per_pair: amount,
  /** FLOP at which half of the share is reached, as few tiles leave units idle: `W + sqrt(W * half)`. */
  half_flop: amount,
  overlap,
})

/**
 * Attention of decoding sequences: the largest of three lines in the context, so that a step stays a
 * line. The floor, the memory's line and the matrix units' line.
 */
export const DecodeAttentionCurve = z.strictObject({
  /** Share of the memory bandwidth that keys and values are read at. */
  memory_fraction: fraction,
  /** Share of the dense peak that one query row per head and sequence reaches. */
  compute_fraction: fraction,
  /** Least time of the kernels, in seconds. */
  floor_s: seconds,
  /** Start and reduction, in seconds, before the memory's line. */
  latency_s: seconds,
  /** Start of one sequence and key/value head, in seconds, at full occupancy. */
  sequence_head_s: seconds,
  /** Query rows that a tile of the matrix units holds: fewer heads per key/value head are padded. */
  tile_rows: z.number().positive(),
  /** Bits of the operands that are multiplied: of 8 the matrix units do twice as many as of 16, the peak when absent. */
  operand_bits: z.union([z.literal(8), z.literal(16)]).optional(),
  /**
   * In steps with prompts some kernels do not pack the query heads that share keys and values: each head reads them
   * for itself, from the second-level cache, at so many times the memory's bandwidth. Absent: such steps
   * decode as others do.
   */
  unpacked_ratio: z.number().positive().optional(),
})

/** Norms, rotary embedding, activations: what only moves data. */
export const ElementwiseCurve = z.strictObject({
  memory_fraction: fraction,
  latency_s: seconds,
})

/**
 * One algorithm of a collective: a start, a hop per further rank, and the bytes that its ring sends
 * per device. Reduction inside a switch sends fewer, so that its share may exceed 1 (up to 2).
 */
export const CollectiveCurve = z.strictObject({
  latency_s: seconds,
  rank_latency_s: seconds,
  bandwidth_fraction: z.number().positive().max(2),
  /**
   * How much slower each device beyond two makes all of them, where they share a path (the root
   * complexes and the memory of a PCIe host): bytes take `1 + contention_per_rank * (ranks - 2)` times
   * as long. 0 behind a switch.
   */
  contention_per_rank: amount.default(0),
})

/** Collectives of the devices of one node; of several algorithms the fastest is taken. */
export const InterconnectCurves = z.strictObject({
  all_reduce: z.array(CollectiveCurve).min(1),
  all_gather: z.array(CollectiveCurve).min(1),
  reduce_scatter: z.array(CollectiveCurve).min(1),
  /** By the library's own exchange. */
  all_to_all: z.array(CollectiveCurve).min(1),
  /**
   * By kernels made for routed experts (DeepEP): dispatch and combine, each, of as many tokens on every
   * device. For the record: exchanges by DeepEP are computed from what crosses each link.
   */
  expert_all_to_all: z.array(CollectiveCurve).default([]),
  send: z.array(CollectiveCurve).min(1),
})

/** How far a curve lies from rows that were left out of its fit. */
export const CalibrationFit = z.strictObject({
  /** Dotted path of the curve, with its number format: `gemm.bf16`. */
  curve: z.string(),
  /** Rows that the fit saw, and rows that were left out of it. */
  rows: z.int().nonnegative(),
  held_out_rows: z.int().nonnegative(),
  /** Absolute percentage error on the rows left out. */
  median_error_percent: amount,
  p90_error_percent: amount,
  /** Rows that were set aside, and why. */
  excluded_rows: z.int().nonnegative().default(0),
  note: z.string().optional(),
})

/** Where measurements come from, and how the curves were made of them. */
export const CalibrationSource = z.strictObject({
  url: z.url(),
  /** Who published what, and at which version. */
  title: z.string(),
  license: z.string(),
  method: z.string(),
  /** Curves (dotted paths) made from it; all when absent. */
  curves: z.array(z.string()).optional(),
})

/**
 * What was measured of an accelerator: achieved shares of its datasheet by kind of kernel.
 *
 * It is data: fitted coefficients, each with a meaning, where they come from, and how far off they are.
 */
export const Calibration = z.strictObject({
  $schema: z.string().optional(),
  /** The accelerator's name in the catalog. */
  name: CatalogName,
  aliases: z.array(CatalogName).default([]),
  /** Grows with each change of a coefficient. */
  version: z.int().positive(),
  /** When the fit was made. */
  date: z.iso.date(),
  /** Streaming multiprocessors, compute units or cores: tiles of a product run in waves over them. */
  compute_units: z.int().positive(),
  kernels: z.strictObject({
    /**
     * By the number format of the weights; shares are of the peak of the format that is computed in:
     * 16 bits where weights are narrower than anything that the matrix units take.
     */
    gemm: byFormat(MatrixCurve),
    expert_gemm: byFormat(GroupedMatrixCurve),
    /** By the number format of the KV cache, like the three below. */
    prefill_attention: byFormat(PrefillAttentionCurve),
    decode_attention: byFormat(DecodeAttentionCurve),
    /** Latent attention (MLA) with keys and values expanded per head. */
    latent_prefill_attention: byFormat(PrefillAttentionCurve).default({}),
    /** Latent attention with the expansion absorbed into the query. */
    latent_decode_attention: byFormat(DecodeAttentionCurve).default({}),
    elementwise: ElementwiseCurve,
  }),
  /** Kernels of single engines, by the name of their profile, where they are not those above. */
  engine_kernels: z
    .record(
      CatalogName,
      z.strictObject({
        decode_attention: byFormat(DecodeAttentionCurve),
      }),
    )
    .optional(),
  interconnect: InterconnectCurves,
  fits: z.array(CalibrationFit),
  sources: z.array(CalibrationSource).min(1),
  /**
   * Accelerators that have no curves of their own and take these, by name: how far off serving is with them, as
   * the median of the absolute error in percent over published measurements.
   */
  relatives: z.record(CatalogName, z.strictObject({ error_percent: amount })).optional(),
})
export type Calibration = z.infer<typeof Calibration>
export type MatrixCurve = z.infer<typeof MatrixCurve>
export type GroupedMatrixCurve = z.infer<typeof GroupedMatrixCurve>
export type PrefillAttentionCurve = z.infer<typeof PrefillAttentionCurve>
export type DecodeAttentionCurve = z.infer<typeof DecodeAttentionCurve>
export type ElementwiseCurve = z.infer<typeof ElementwiseCurve>
export type CollectiveCurve = z.infer<typeof CollectiveCurve>
export type InterconnectCurves = z.infer<typeof InterconnectCurves>
export type CalibrationFit = z.infer<typeof CalibrationFit>
export type CalibrationSource = z.infer<typeof CalibrationSource>

/** What an engine adds to the kernels: per step, layer, sequence, token and request. */
export const EngineProfile = z.strictObject({
  $schema: z.string().optional(),
  name: CatalogName,
  aliases: z.array(CatalogName).default([]),
  description: z.string(),
  version: z.int().positive(),
  /** Scheduling, input preparation, launch and sampling of one step, in seconds. */
  step_s: z.strictObject({
    /** A step that decodes only, replayed from a captured graph where the engine does so. */
    decode: seconds,
    /** A step with prompt tokens in it, launched kernel by kernel. */
    prefill: seconds,
  }),
  /** Gaps between the kernels of one layer, in seconds, by the same two kinds of step. */
  layer_s: z.strictObject({ decode: seconds, prefill: seconds }),
  /** Profile whose `engine_kernels` of a calibration it runs; its own name when absent. */
  kernels: CatalogName.optional(),
  /**
   * Per layer of a step with prompt tokens, in seconds: what the host takes to launch its kernels one by
   * one, of which a layer with routed experts has more. The device works meanwhile, so that such a step
   * takes the longer of the two. 0 when absent.
   */
  launch_s: z.strictObject({ dense: seconds, experts: seconds }).optional(),
  /**
   * Tokens up to which a step with prompt tokens is replayed from captured graphs, and needs no
   * `launch_s`: 0 when absent.
   */
  captured_tokens: z.int().nonnegative().optional(),
  /**
   * Tokens of the graphs that are captured: steps that decode only, and those that `captured_tokens` covers, compute
   * as many as the next of them, padding among them. With attention data parallelism all ranks compute as
   * many as the one with the most. Absent: steps are as large as their work.
   */
  captured_sizes: z.array(z.int().positive().max(65_536)).optional(),
  /** More per step for each further device of a replica, in seconds: broadcasts, waiting. */
  rank_s: seconds,
  /** Per sequence that produces a token, in seconds: sampling, detokenisation, streaming. */
  sequence_s: seconds,
  /** Per token that passes the layers, in seconds: copies of inputs, slots of the KV cache. */
  token_s: seconds,
  /** Per request, in seconds, once, before its first token: HTTP, tokenisation, queueing of work. */
  request_s: seconds,
  /**
   * Per request, in seconds, before that: what the one thread of the front end does for it (parsing,
   * checks, sending it on), so that requests that come together wait for each other.
   */
  request_serial_s: seconds.optional(),
  /** Per prompt token, in seconds, on the same thread: tokenisation and copies. */
  prompt_token_serial_s: seconds.optional(),
  /** Kernels of one layer that only move data: norms, rotary embedding, cache writes, activation. */
  elementwise_kernels_per_layer: amount,
  /**
   * Share of the passes that quantise activations which this engine does inside the kernel before: what
   * of `pass_bytes_per_input`, and of the launch that a quantised product takes beyond a plain one, falls
   * away.
   */
  fused_quantisation: z.number().min(0).max(1),
  /** Time of this engine's kernels over the calibration's, by kind; 1 when absent. */
  kernel_time_ratio: z
    .partialRecord(
      z.enum([
        'gemm',
        'expert_gemm',
        'prefill_attention',
        'decode_attention',
        'latent_prefill_attention',
        'latent_decode_attention',
        'collective',
      ]),
      z.number().positive(),
    )
    .default({}),
  sources: z.array(CatalogSource).min(1),
})
export type EngineProfile = z.infer<typeof EngineProfile>
