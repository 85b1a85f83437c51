import {
  decodeLines,
  decodeSeconds,
  groupedBytes,
  groupedSeconds,
  matrixBytes,
  matrixSeconds,
  prefillSeconds,
} from '@llmsim/cost-models/calibrated'

/** Bytes of one element by the tables' names of number formats; scales of block formats included. */
const elementBytes = {
  bf16: 2,
  fp8: 1,
  fp8_block: 1,
  sq: 1,
  nvfp4: 0.5625,
  w4a16_mxfp4: 0.53125,
  int4_wo: 0.53125,
}

/** Kernels that unpack weights take inputs of 16 bits. */
const inputBytes = (type) => (type === 'int4_wo' ? 2 : elementBytes[type])

const share = (start, least = 0.02, most = 0.995) => ({ kind: 'share', start, least, most })
const size = (start, least, most) => ({ kind: 'size', start, least, most, zero: true })

const launch = (start) => size(start, 1e-7, 2e-4)

/** How well the two sides hide each other: what fits best is taken. */
const overlaps = [{ overlap: 2 }, { overlap: 4 }]

/** No layer of a published model, whole on one device, is deeper than this. */
const DEEPEST = 32768

/** The tables' benchmark takes turns between this many copies of the weights. */
const COPIES = 6

/** Products whose time is that of reading weights, all copies of which the cache holds. */
function heldInCache(device, { shape, seconds }) {
  const bytes = shape.columns * shape.depth * shape.weightBytes
  return COPIES * bytes < device.cacheBytes && bytes / device.bytesPerSecond > 0.3 * seconds
}

/** Products: by the roofline of operands and results, tiles in waves. */
export const gemm = {
  /** `unpacked`: kernels that unpack weights, of which some are for few rows. */
  parameters: (quantised, unpacked, tilesWait) => ({
    compute_fraction: share(0.8),
    memory_fraction: share(unpacked ? 0.95 : 0.8),
    latency_s: launch(3e-6),
    ramp_depth: size(100, 1, 4000),
    depth_s: { ...size(5e-10, 1e-12, 2e-8), starts: [3e-11, 2e-9] },
    ...(quantised ? { pass_bytes_per_input: size(4, 0.01, 12) } : {}),
    tail_bytes_per_output: size(0.3, 0.01, 8),
    ...(tilesWait ? { cache_ratio: { ...size(3, 0.5, 30), zero: false } } : {}),
  }),
  forms: overlaps,
  fixed: (quantised, unpacked) => ({
    ...(quantised ? {} : { pass_bytes_per_input: 0 }),
    ...(unpacked ? { least_tile_rows: 16 } : {}),
  }),
  rows: (table, type) =>
    table
      .filter((row) => row.gemm_dtype === type && row.k <= DEEPEST)
      .map((row) => ({
        key: `gemm ${type} ${row.m} ${row.n} ${row.k}`,
        seconds: row.latency_ms / 1e3,
        shape: {
          rows: row.m,
          columns: row.n,
          depth: row.k,
          weightBytes: elementBytes[type],
          inputBytes: inputBytes(type),
          outputBytes: 2,
        },
      })),
  predict: (device) => (curve, row) => matrixSeconds(curve, device, row.shape),
  /** Weights that the second-level cache held from one repetition to the next are not read again. */
  impossible: (device) => (row) =>
    row.seconds < matrixBytes(row.shape) / device.bytesPerSecond ||
    heldInCache(device, row) ||
    row.seconds < (2 * row.shape.rows * row.shape.columns * row.shape.depth) / device.flopPerSecond,
}

/** Routed experts, evenly loaded: rows and experts of one device. */
export const expertGemm = {
  parameters: () => ({
    compute_fraction: share(0.5),
    memory_fraction: share(0.6),
    latency_s: launch(2e-5),
    padding_rows: size(16, 0.1, 256),
    pass_bytes_per_input: size(4, 0.01, 200),
  }),
  rows: (table, type) =>
    table
      // With experts spread over devices these kernels still sort the tokens of all of them, which
      // engines that exchange tokens do not.
      .filter((row) => row.moe_dtype === type && row.distribution === 'balanced')
      .filter((row) => row.moe_ep_size === 1)
      .filter((row) => !String(row.kernel_source).includes('nongated'))
      .map((row) => {
        const rows = (row.num_tokens * row.topk) / row.moe_ep_size
        const experts = row.num_experts / row.moe_ep_size
        return {
          key: `moe ${type} ${row.num_tokens} ${row.hidden_size} ${row.inter_size} ${row.topk} ${row.num_experts} ${row.moe_tp_size} ${row.moe_ep_size}`,
          seconds: row.latency_ms / 1e3,
          shape: {
            rows,
            experts: Math.min(experts, Math.max(1, rows)),
            hidden: row.hidden_size,
            inner: row.inter_size / row.moe_tp_size,
            matrices: 3,
            weightBytes: elementBytes[type],
            rowBytes: 2,
          },
        }
      })
      .filter((row) => row.shape.rows >= 1),
  predict: (device) => (curve, row) => groupedSeconds(curve, device, row.shape),
  impossible: (device) => (row) => {
    const { experts, hidden, inner, matrices, weightBytes, rows } = row.shape
    const weights = experts * hidden * inner * matrices
    return (
      row.seconds < (weights * weightBytes) / device.bytesPerSecond ||
      row.seconds < (2 * rows * hidden * inner * matrices) / device.flopPerSecond ||
      groupedBytes(row.shape) === 0
    )
  },
}

/** Fewer query heads than this on one device are no layout that anyone serves. */
const FEWEST_HEADS = 4

/** Contexts shorter than this are over before decoding them matters. */
const SHORTEST_CONTEXT = 128

/** Prompts shorter than this are over in the time of a launch, by kernels for a few rows. */
const SHORTEST_PROMPT = 64

const plainHeads = ({ head_dim: dim, window_size: window = 0, num_heads: heads }) =>
  (window === 0 || window === '') && [64, 128, 256].includes(dim) && heads >= FEWEST_HEADS

/** Prompt attention without a window. */
export const prefillAttention = {
  parameters: () => ({
    compute_fraction: share(0.6),
    memory_fraction: share(0.5),
    latency_s: launch(1e-5),
    extra_pairs_per_token: size(200, 1, 3000),
    softmax_flop_per_pair: size(60, 1, 2000),
    half_flop: size(3e8, 1e5, 1e11),
  }),
  forms: overlaps,
  rows: (table, type) =>
    table
      .filter((row) => plainHeads(row) && (row.kv_cache_dtype ?? 'bf16') === type)
      .filter((row) => (row.attn_dtype ?? 'bf16') !== 'fp8' && row.isl >= SHORTEST_PROMPT)
      .map((row) => ({
        key: `prefill ${type} ${row.batch_size} ${row.isl} ${row.num_heads} ${row.num_key_value_heads} ${row.head_dim}`,
        seconds: row.latency_ms / 1e3,
        shape: {
          tokens: row.batch_size * row.isl,
          pairs: (row.batch_size * row.isl * (row.isl + 1)) / 2,
          heads: row.num_heads,
          flopPerPair: 4 * row.head_dim,
          bytesPerToken:
            2 * 2 * row.num_heads * row.head_dim +
            2 * 2 * row.num_key_value_heads * row.head_dim * elementBytes[type],
        },
      })),
  predict: (device) => (curve, row) => prefillSeconds(curve, device, row.shape),
  impossible: (device) => (row) =>
    row.seconds <
    (row.shape.heads * row.shape.flopPerPair * row.shape.pairs) / device.flopPerSecond,
}

const decodeParameters = (tileRows) => ({
  memory_fraction: share(0.8),
  compute_fraction: { ...share(0.4), starts: [0.05, 0.4] },
  floor_s: { ...size(1.5e-5, 1e-7, 1e-3), starts: [1e-5, 2e-5] },
  latency_s: { ...launch(8e-6), starts: [5e-6, 1e-5] },
  sequence_head_s: size(1e-8, 1e-11, 1e-6),
  tile_rows: { ...size(tileRows, 1, 128), zero: false },
})

const decodePredict = (device) => (curve, row) =>
  decodeSeconds(decodeLines(curve, device, row.shape), row.sequences, row.context)

/**
 * Keys and values that the second-level cache held from one repetition to the next: in serving they
 * come from memory, where a step between two reads of them moves all of the weights. A part of what is larger
 * than the cache, but not by much, is still there (`caches`).
 */
const readsFromCache = (caches) => (device) => (row) => {
  const bytes = row.context * row.shape.kvBytesPerToken
  const seconds = bytes / device.bytesPerSecond
  const kept = row.inPlace ? 0 : caches(device) * device.cacheBytes
  return row.seconds < seconds || (bytes < kept && seconds > 0.15 * row.seconds)
}

/** Caches of which nothing is left once so much has been read, as profiles of whole layers show. */
const FORGOTTEN = 2.5

/** Attention of decoding sequences without a window, all equally long. */
export const decodeAttention = {
  parameters: () => decodeParameters(16),
  rows: (table, type) =>
    table
      .filter((row) => plainHeads(row) && (row.kv_cache_dtype ?? 'bf16') === type)
      .filter((row) => row.step + 1 >= SHORTEST_CONTEXT)
      .map((row) => ({
        key: `decode ${type} ${row.batch_size} ${row.step} ${row.num_heads} ${row.num_key_value_heads} ${row.head_dim}`,
        seconds: row.latency_ms / 1e3,
        sequences: row.batch_size,
        context: row.batch_size * (row.step + 1),
        shape: {
          heads: row.num_heads,
          kvHeads: row.num_key_value_heads,
          flopPerHead: 4 * row.head_dim,
          kvBytesPerToken: 2 * row.num_key_value_heads * row.head_dim * elementBytes[type],
          rowBytes: 2 * 2 * row.num_heads * row.head_dim,
        },
      })),
  predict: decodePredict,
  mostRows: 2500,
  // Without profiles of layers the rows between are all that there is of middling sizes.
  impossible: readsFromCache(({ profiled }) => (profiled ? FORGOTTEN : 1)),
}

/** DeepSeek's sizes, of which the MLA tables are. */
export const latent = { rank: 512, rope: 64, qk: 192, v: 128 }

/** What one layer of latent attention reads and multiplies for each token of its context. */
export const latentShape = (heads, type) => ({
  heads,
  kvHeads: 1,
  flopPerHead: 2 * (2 * latent.rank + latent.rope),
  kvBytesPerToken: (latent.rank + latent.rope) * elementBytes[type],
  rowBytes: 2 * heads * (2 * latent.rank + latent.rope),
})

export const latentPrefill = {
  parameters: prefillAttention.parameters,
  forms: prefillAttention.forms,
  rows: (table, type) =>
    table
      .filter((row) => (row.kv_cache_dtype ?? 'bf16') === type)
      .filter((row) => row.isl >= SHORTEST_PROMPT && row.num_heads >= FEWEST_HEADS)
      .map((row) => ({
        key: `mla prefill ${type} ${row.batch_size} ${row.isl} ${row.num_heads}`,
        seconds: row.latency_ms / 1e3,
        shape: {
          tokens: row.batch_size * row.isl,
          pairs: (row.batch_size * row.isl * (row.isl + 1)) / 2,
          heads: row.num_heads,
          flopPerPair: 2 * (latent.qk + latent.v),
          bytesPerToken: 2 * row.num_heads * 2 * (latent.qk + latent.v),
        },
      })),
  predict: prefillAttention.predict,
  impossible: prefillAttention.impossible,
}

export const latentDecode = {
  parameters: () => decodeParameters(16),
  // Kernels that read a cache of 8 bits may multiply in it, too.
  forms: [{}, { operand_bits: 8 }],
  rows: (table, type) =>
    table
      .filter((row) => (row.kv_cache_dtype ?? 'bf16') === type)
      .filter((row) => row.step + 1 >= SHORTEST_CONTEXT && row.num_heads >= FEWEST_HEADS)
      .map((row) => ({
        key: `mla decode ${type} ${row.batch_size} ${row.step} ${row.num_heads}`,
        seconds: row.latency_ms / 1e3,
        sequences: row.batch_size,
        context: row.batch_size * (row.step + 1),
        shape: latentShape(row.num_heads, type),
      })),
  predict: decodePredict,
  impossible: readsFromCache(() => FORGOTTEN),
}
