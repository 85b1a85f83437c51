import { z } from 'zod'

const figure = z.number().nullable()

/** A latency in seconds; null where no request was measured. */
export const Latency = z.strictObject({
  mean: figure,
  std: figure,
  min: figure,
  p50: figure,
  p90: figure,
  p95: figure,
  p99: figure,
  p999: figure.optional(),
  max: figure,
})
export type Latency = z.infer<typeof Latency>
