import type { DecodeAttentionCurve } from '@llmsim/contracts'
import type { KernelDevice } from './kernel-device.js'

/** Decode attention of one layer on one device, per sequence and per token of its context. */
export interface DecodeShape {
  /** Query heads. */
  heads: number
  /** Heads of keys and values: 1 for a latent cache. */
  kvHeads: number
  /** FLOP of one query head and context token. */
  flopPerHead: number
  /** Bytes of keys and values of one token. */
  kvBytesPerToken: number
  /** Bytes of queries read and results written by one sequence. */
  rowBytes: number
}

/** The lines of which decode attention takes the largest, in seconds. */
export interface DecodeLines {
  readonly floor: number
  readonly memoryFixed: number
  readonly memoryPerSequence: number
  readonly memoryPerContext: number
  readonly computeFixed: number
  readonly computePerContext: number
  /** In steps with prompts, beside the fixed part of `compute`; 0: as in other steps. */
  readonly unpackedPerContext: number
}

/** FLOP/s of the matrix units at best, in the operands that the kernel multiplies. */
export function decodePeak(
  { operand_bits: bits = 16 }: DecodeAttentionCurve,
  device: KernelDevice,
): number {
  return (device.flopPerSecond * 16) / bits
}

/** The lines of `layers` layers. */
export function decodeLines(
  curve: DecodeAttentionCurve,
  device: KernelDevice,
  shape: DecodeShape,
  layers = 1,
): DecodeLines {
  const bytesPerSecond = device.bytesPerSecond * curve.memory_fraction
  const padded = Math.max(shape.heads, shape.kvHeads * curve.tile_rows)
  return {
    floor: layers * curve.floor_s,
    memoryFixed: layers * curve.latency_s,
    memoryPerSequence:
      layers * (shape.kvHeads * curve.sequence_head_s + shape.rowBytes / bytesPerSecond),
    memoryPerContext: (layers * shape.kvBytesPerToken) / bytesPerSecond,
    computeFixed: layers * curve.latency_s,
    computePerContext:
      (layers * padded * shape.flopPerHead) / (decodePeak(curve, device) * curve.compute_fraction),
    unpackedPerContext:
      curve.unpacked_ratio === undefined
        ? 0
        : (layers * shape.heads * shape.kvBytesPerToken) /
          (shape.kvHeads * device.bytesPerSecond * curve.unpacked_ratio),
  }
}

/** Seconds of `sequences` sequences with `context` tokens in all, beside prompts or not; monotone in both. */
export function decodeSeconds(
  lines: DecodeLines,
  sequences: number,
  context: number,
  besidePrompts = false,
): number {
  const memory =
    lines.memoryFixed + lines.memoryPerSequence * sequences + lines.memoryPerContext * context
  const compute = lines.computeFixed + lines.computePerContext * context
  const unpacked = besidePrompts ? lines.computeFixed + lines.unpackedPerContext * context : 0
  return Math.max(lines.floor, memory, compute, unpacked)
}
