import type { CollectiveCurve } from '@llmsim/contracts'

/** Bytes that each of `ranks` devices sends in a ring, for a message of `bytes` bytes. */
export const ringBytes = {
  all_reduce: (ranks: number, bytes: number): number => ((2 * (ranks - 1)) / ranks) * bytes,
  all_gather: (ranks: number, bytes: number): number => ((ranks - 1) / ranks) * bytes,
  reduce_scatter: (ranks: number, bytes: number): number => ((ranks - 1) / ranks) * bytes,
  all_to_all: (ranks: number, bytes: number): number => ((ranks - 1) / ranks) * bytes,
  expert_all_to_all: (ranks: number, bytes: number): number => ((ranks - 1) / ranks) * bytes,
  send: (_ranks: number, bytes: number): number => bytes,
} as const

/** Collectives that a calibration has curves of. */
export type CollectiveName = keyof typeof ringBytes

/** Seconds of one algorithm that sends `sent` bytes per device over a link of `bandwidth` bytes/s. */
export function curveSeconds(
  curve: CollectiveCurve,
  ranks: number,
  sent: number,
  bandwidth: number,
): number {
  const sharing = 1 + curve.contention_per_rank * Math.max(0, ranks - 2)
  return (
    curve.latency_s +
    (ranks - 1) * curve.rank_latency_s +
    (sent * sharing) / (bandwidth * curve.bandwidth_fraction)
  )
}

/** Seconds of a collective by the fastest of its algorithms; 0 for one rank. */
export function collectiveSeconds(
  name: CollectiveName,
  curves: readonly CollectiveCurve[],
  ranks: number,
  bytes: number,
  bandwidth: number,
): number {
  if (ranks <= 1) return 0
  const sent = ringBytes[name](ranks, bytes)
  let best = Infinity
  for (const curve of curves) {
    const seconds = curveSeconds(curve, ranks, sent, bandwidth)
    if (seconds < best) best = seconds
  }
  return best
}
