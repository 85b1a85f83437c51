import type { SchedulerOptions } from '@llmsim/contracts'

/** The limits that a scheduler gets where nothing else is said. */
export const defaultSchedulerOptions: SchedulerOptions = {
  maxBatchSize: 256,
  minBatchSize: 8,
  batchingWindowSeconds: 0.05,
  maxBatchedTokens: 8192,
  phaseOrder: 'prefill-first',
  watermark: 0.01,
  extra: {},
}
