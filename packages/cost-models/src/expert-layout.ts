import type { ReplicaLayout } from '@llmsim/contracts'

/** Where the routed experts of a mixture lie: on the devices of one stage, all attention ranks together. */
export interface ExpertLayout {
  /** Ranks of attention data parallelism, whose tokens these experts serve together. */
  readonly ranks: number
  /** Devices of a stage, of all ranks. */
  readonly devices: number
  /** Devices that whole experts are spread over. */
  readonly spread: number
  /** Devices that each expert is split over. */
  readonly split: number
  /** Experts of a layer, copies included. */
  readonly stored: number
  /** Whole experts of a layer on the device that holds the most, before they are split. */
  readonly perDevice: number
  /** Tokens of the fullest device's experts over the average: what was stated, or what an uneven split gives. */
  readonly imbalance: number
}

/** The layout of a model's experts; of one expert where it has none. */
export function expertLayout(layout: ReplicaLayout): ExpertLayout {
  const { ffn } = layout.model
  const ranks = layout.attentionDataParallel ?? 1
  const spread = layout.expertParallel ?? 1
  const devices = layout.tensorParallel * ranks
  const stored = (ffn.kind === 'moe' ? ffn.experts : 1) + (layout.redundantExperts ?? 0)
  const perDevice = Math.ceil(stored / spread)
  return {
    ranks,
    devices,
    spread,
    split: devices / spread,
    stored,
    perDevice,
    imbalance: Math.max(layout.expertImbalance ?? 1, (perDevice * spread) / stored),
  }
}

/**
 * Rows that the experts of the fullest device compute for each token of the group: its share of the `k`
 * copies, at most one for each expert that it holds.
 */
export function rowsPerToken({ spread, perDevice, imbalance }: ExpertLayout, k: number): number {
  if (spread === 1) return k
  return Math.min(k, perDevice, (imbalance * k) / spread)
}
