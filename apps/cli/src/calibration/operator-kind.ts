import {
  bytesPerElement,
  type Accelerator,
  type CollectiveCurve,
  type DecodeAttentionCurve,
  type ElementwiseCurve,
  type GroupedMatrixCurve,
  type MatrixCurve,
  type NumberFormat,
  type PrefillAttentionCurve,
} from '@llmsim/contracts'
import {
  collectiveSeconds,
  decodeLines,
  decodeSeconds,
  groupedBytes,
  groupedSeconds,
  matrixBytes,
  matrixSeconds,
  prefillSeconds,
  ringBytes,
  type CollectiveName,
  type KernelDevice,
} from '@llmsim/cost-models/calibrated'

/** Coefficients of one curve by name. */
export type Curve = Readonly<Record<string, number>>

/** Sizes of one timed operator, by column. */
export type Sizes = Readonly<Record<string, number>>

/** Where a coefficient may lie. It is searched for on the scale `ln(value + unit)`. */
export interface Range {
  readonly least: number
  readonly most: number
  /** Below it a coefficient is as good as zero; 0 for those that never are. */
  readonly unit: number
  /** One standard deviation of what is believed before, on that scale. */
  readonly freedom: number
  /** A coefficient that was 0 stays so: the kernel has no such part. */
  readonly keepsZero?: boolean
}

/** What an operator runs on. */
export interface TimedDevice extends KernelDevice {
  readonly format: NumberFormat
  /** Bytes of one input element of a product. */
  readonly inputBytes: number
  readonly linkBytesPerSecond: number
}

/** A kind of operator: what its rows state, and what its curve says of one. */
export interface OperatorKind {
  /** Where a calibration holds its curves. */
  readonly place: 'kernels' | 'interconnect'
  /** Whether there is a curve per number format. */
  readonly formats: boolean
  readonly columns: readonly string[]
  readonly ranges: Readonly<Record<string, Range>>
  /** Seconds by the curve, or by the fastest of several. */
  readonly seconds: (curves: readonly Curve[], device: TimedDevice, sizes: Sizes) => number
  /** Seconds that the datasheet allows at least. */
  readonly least: (device: TimedDevice, sizes: Sizes) => number
}

const share = (most = 0.995): Range => ({ least: 0.02, most, unit: 0, freedom: 0.15 })
const size = (most: number, unit: number): Range => ({ least: 0, most, unit, freedom: 0.5 })
const launch = size(1e-3, 1e-6)

/** A column's number; parsing has made sure of it. */
const of = (sizes: Sizes, column: string): number => sizes[column] ?? NaN

function kernel<Shape>(
  given: Pick<OperatorKind, 'columns' | 'ranges'> & {
    formats?: boolean
    shape: (sizes: Sizes, device: TimedDevice) => Shape
    seconds: (curve: Curve, device: TimedDevice, shape: Shape) => number
    flop: (shape: Shape) => number
    bytes: (shape: Shape) => number
  },
): OperatorKind {
  const { columns, ranges, shape } = given
  return {
    place: 'kernels',
    formats: given.formats ?? true,
    columns,
    ranges,
    seconds: ([curve = {}], device, sizes) => given.seconds(curve, device, shape(sizes, device)),
    least: (device, sizes) => {
      const found = shape(sizes, device)
      return Math.max(
        given.flop(found) / device.flopPerSecond,
        given.bytes(found) / device.bytesPerSecond,
      )
    },
  }
}

const gemm = kernel({
  columns: ['m', 'n', 'k'],
  ranges: {
    compute_fraction: share(),
    memory_fraction: share(),
    latency_s: launch,
    ramp_depth: size(4000, 50),
    depth_s: size(2e-8, 1e-10),
    pass_bytes_per_input: { ...size(12, 1), keepsZero: true },
    tail_bytes_per_output: size(8, 0.3),
  },
  shape: (sizes, device) => ({
    rows: of(sizes, 'm'),
    columns: of(sizes, 'n'),
    depth: of(sizes, 'k'),
    weightBytes: bytesPerElement[device.format],
    inputBytes: device.inputBytes,
    outputBytes: 2,
  }),
  seconds: (curve, device, shape) => matrixSeconds(curve as MatrixCurve, device, shape),
  flop: ({ rows, columns, depth }) => 2 * rows * columns * depth,
  bytes: matrixBytes,
})

const expertGemm = kernel({
  columns: ['tokens', 'experts', 'top_k', 'hidden', 'inner'],
  ranges: {
    compute_fraction: share(),
    memory_fraction: share(),
    latency_s: launch,
    padding_rows: size(256, 4),
    pass_bytes_per_input: size(200, 2),
  },
  shape: (sizes, device) => {
    const rows = of(sizes, 'tokens') * of(sizes, 'top_k')
    return {
      rows,
      experts: Math.min(of(sizes, 'experts'), rows),
      hidden: of(sizes, 'hidden'),
      inner: of(sizes, 'inner'),
      matrices: 3,
      weightBytes: bytesPerElement[device.format],
      rowBytes: 2,
    }
  },
  seconds: (curve, device, shape) => groupedSeconds(curve as GroupedMatrixCurve, device, shape),
  flop: ({ rows, hidden, inner, matrices }) => 2 * rows * hidden * inner * matrices,
  bytes: groupedBytes,
})

/** Bytes of keys and values of one token. */
const kvBytes = (sizes: Sizes, device: TimedDevice): number =>
  2 * of(sizes, 'kv_heads') * of(sizes, 'head_dim') * bytesPerElement[device.format]

const prefillAttention = kernel({
  columns: ['batch', 'tokens', 'heads', 'kv_heads', 'head_dim'],
  ranges: {
    compute_fraction: share(),
    memory_fraction: share(),
    latency_s: launch,
    extra_pairs_per_token: size(3000, 64),
    softmax_flop_per_pair: size(2000, 32),
    half_flop: size(1e11, 1e7),
  },
  shape: (sizes, device) => {
    const tokens = of(sizes, 'tokens')
    return {
      tokens: of(sizes, 'batch') * tokens,
      pairs: (of(sizes, 'batch') * tokens * (tokens + 1)) / 2,
      heads: of(sizes, 'heads'),
      flopPerPair: 4 * of(sizes, 'head_dim'),
      bytesPerToken: 4 * of(sizes, 'heads') * of(sizes, 'head_dim') + 2 * kvBytes(sizes, device),
    }
  },
  seconds: (curve, device, shape) => prefillSeconds(curve as PrefillAttentionCurve, device, shape),
  flop: ({ heads, flopPerPair, pairs }) => heads * flopPerPair * pairs,
  bytes: () => 0,
})

const decodeAttention = kernel({
  columns: ['batch', 'context', 'heads', 'kv_heads', 'head_dim'],
  ranges: {
    memory_fraction: share(),
    compute_fraction: share(),
    floor_s: launch,
    latency_s: launch,
    sequence_head_s: size(1e-6, 1e-9),
    tile_rows: { least: 1, most: 128, unit: 0, freedom: 0.5 },
  },
  shape: (sizes, device) => ({
    sequences: of(sizes, 'batch'),
    context: of(sizes, 'batch') * of(sizes, 'context'),
    heads: of(sizes, 'heads'),
    kvHeads: of(sizes, 'kv_heads'),
    flopPerHead: 4 * of(sizes, 'head_dim'),
    kvBytesPerToken: kvBytes(sizes, device),
    rowBytes: 4 * of(sizes, 'heads') * of(sizes, 'head_dim'),
  }),
  seconds: (curve, device, shape) =>
    decodeSeconds(
      decodeLines(curve as DecodeAttentionCurve, device, shape),
      shape.sequences,
      shape.context,
    ),
  flop: ({ heads, flopPerHead, context }) => heads * flopPerHead * context,
  bytes: ({ context, kvBytesPerToken }) => context * kvBytesPerToken,
})

const elementwise = kernel({
  formats: false,
  columns: ['bytes'],
  ranges: { memory_fraction: share(), latency_s: launch },
  shape: (sizes) => of(sizes, 'bytes'),
  seconds: (curve, device, bytes) => {
    const { latency_s, memory_fraction } = curve as ElementwiseCurve
    return latency_s + bytes / (device.bytesPerSecond * memory_fraction)
  },
  flop: () => 0,
  bytes: (bytes) => bytes,
})

function collective(name: CollectiveName): OperatorKind {
  return {
    place: 'interconnect',
    formats: false,
    columns: ['ranks', 'bytes'],
    ranges: {
      latency_s: launch,
      rank_latency_s: size(1e-4, 3e-7),
      bandwidth_fraction: { least: 0.005, most: 2, unit: 0, freedom: 0.15 },
      contention_per_rank: size(10, 0.05),
    },
    seconds: (curves, device, sizes) =>
      collectiveSeconds(
        name,
        curves as readonly CollectiveCurve[],
        of(sizes, 'ranks'),
        of(sizes, 'bytes'),
        device.linkBytesPerSecond,
      ),
    // Reduction inside a switch sends half of what a ring does.
    least: (device, sizes) =>
      ringBytes[name](of(sizes, 'ranks'), of(sizes, 'bytes')) / (2 * device.linkBytesPerSecond),
  }
}

/** Kinds of operators that can be calibrated, by what the column `kernel` says. */
export const operatorKinds = {
  gemm,
  expert_gemm: expertGemm,
  prefill_attention: prefillAttention,
  decode_attention: decodeAttention,
  elementwise,
  all_reduce: collective('all_reduce'),
  all_gather: collective('all_gather'),
  reduce_scatter: collective('reduce_scatter'),
  all_to_all: collective('all_to_all'),
  expert_all_to_all: collective('expert_all_to_all'),
  send: collective('send'),
} as const satisfies Readonly<Record<string, OperatorKind>>
export type OperatorName = keyof typeof operatorKinds

/** The accelerator as an operator in that format finds it. */
export function timedDevice(
  name: OperatorName,
  format: NumberFormat,
  accelerator: Accelerator,
  computeUnits: number,
): TimedDevice {
  const peaks = accelerator.peak_flop_per_s
  const plain = peaks.bf16 ?? peaks.fp16 ?? peaks.fp32 ?? Infinity
  // Attention computes in 16 bits whatever the cache holds, and products do with weights of four-bit integers.
  const products = (name === 'gemm' || name === 'expert_gemm') && format !== 'int4'
  const own = products ? peaks[format] : undefined
  return {
    format,
    flopPerSecond: own ?? plain,
    bytesPerSecond: accelerator.memory_bandwidth_bytes_per_s,
    computeUnits,
    inputBytes: own === undefined ? 2 : Math.min(2, bytesPerElement[format]),
    linkBytesPerSecond: accelerator.scale_up.bandwidth_bytes_per_s,
  }
}
