import type { PrefillAttentionCurve } from '@llmsim/contracts'
import type { KernelDevice } from './kernel-device.js'
import { smoothMaximum } from './smooth-maximum.js'

/** Causal attention of one layer on one device. */
export interface PrefillShape {
  /** New tokens. */
  tokens: number
  /** Token pairs. */
  pairs: number
  heads: number
  /** FLOP of one head and pair: 2 per element of the query-key product and of the weighted sum. */
  flopPerPair: number
  /** Bytes of queries, results, keys and values that one token moves. */
  bytesPerToken: number
}

export function prefillCompute(
  curve: PrefillAttentionCurve,
  device: KernelDevice,
  shape: PrefillShape,
): number {
  const pairs = shape.pairs + shape.tokens * curve.extra_pairs_per_token
  const flop = shape.heads * (shape.flopPerPair + curve.softmax_flop_per_pair) * pairs
  const ramp = Math.sqrt(flop * curve.half_flop)
  return (flop + ramp) / (device.flopPerSecond * curve.compute_fraction)
}

export function prefillMemory(
  curve: PrefillAttentionCurve,
  device: KernelDevice,
  shape: PrefillShape,
): number {
  return (shape.tokens * shape.bytesPerToken) / (device.bytesPerSecond * curve.memory_fraction)
}

/** Seconds of one layer; monotone in tokens and pairs. */
export function prefillSeconds(
  curve: PrefillAttentionCurve,
  device: KernelDevice,
  shape: PrefillShape,
): number {
  return (
    curve.latency_s +
    smoothMaximum(
      prefillCompute(curve, device, shape),
      prefillMemory(curve, device, shape),
      curve.overlap,
    )
  )
}
