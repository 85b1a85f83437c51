import { z } from 'zod'

const numbers = z.array(z.number())
const figures = z.array(z.number().nullable())

/** A latency over time, in seconds; null where no request or gap falls. */
export const LatencySeries = z.strictObject({
  mean: figures,
  p50: figures,
  p99: figures,
})

/** One pool over time. Means are over the interval, sums over its replicas. */
export const PoolSeries = z.strictObject({
  name: z.string(),
  /** Requests in the queues, on average and at most. */
  waiting: numbers,
  peak_waiting: numbers,
  /** Admitted requests. */
  running: numbers,
  /** Share of the KV blocks in use; null where no sample falls. */
  kv_utilization: figures,
  /** Shares of the interval in steps that prefill only, do both, and decode only. */
  prefill_utilization: numbers,
  mixed_utilization: numbers,
  decode_utilization: numbers,
  /** Requests that decode in a step, on average over the steps that decode; null without any. */
  decode_batch: figures,
})

/** A run over time: columns of equal length, one value for each interval from 0 s on. */
export const TimeSeries = z.strictObject({
  interval_s: z.number(),
  /** When the last interval ends: the end of the run. */
  end_s: z.number(),
  arrivals_per_sec: numbers,
  completions_per_sec: numbers,
  rejections_per_sec: numbers,
  /** Prompt tokens computed, those computed again included. */
  input_tokens_per_sec: numbers,
  output_tokens_per_sec: numbers,
  /** Of the completed requests that arrived then. */
  first_token_latency: LatencySeries,
  /** Of the gaps that ended then. */
  inter_token_latency: LatencySeries,
  pools: z.array(PoolSeries),
})
export type TimeSeries = z.infer<typeof TimeSeries>
export type LatencySeries = z.infer<typeof LatencySeries>
export type PoolSeries = z.infer<typeof PoolSeries>

/** Quantiles from which distribution functions can be drawn, in seconds; null where nothing was measured. */
export const Distributions = z.strictObject({
  /** The shares of the sample that lie at or below the values, rising. */
  quantiles: numbers,
  first_token_latency: numbers.nullable(),
  end_to_end_latency: numbers.nullable(),
  time_per_output_token: numbers.nullable(),
  inter_token_latency: numbers.nullable(),
  queue_time: numbers.nullable(),
})
export type Distributions = z.infer<typeof Distributions>
