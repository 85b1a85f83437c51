import { z } from 'zod'
import { SimulationResult } from './results.js'
import { Scenario } from './scenario.js'
import { TimeSeries } from './time-series.js'

const figure = z.number().nullable()

/** A figure over replications; null where it cannot be known. */
export const ReplicatedFigure = z.strictObject({
  /** Replications that have the figure. */
  count: z.number(),
  mean: figure,
  /** Standard deviation between replications; null below two. */
  std: figure,
  /** Half the width of the confidence interval of the mean; null below two. */
  half_width: figure,
})

/** The same scenario under several seeds. */
export const Replications = z.strictObject({
  seeds: z.array(z.number()),
  /** Of the intervals, as 0.95. */
  confidence_level: z.number(),
  /** By the dotted path of the figure, as `first_token_latency.p99`. */
  figures: z.record(z.string(), ReplicatedFigure),
})

/** One operator of a step, on one device, summed over layers. */
export const OperatorFigures = z.strictObject({
  name: z.string(),
  seconds: z.number(),
  flop: z.number(),
  bytes: z.number(),
  sent_bytes: z.number(),
  bound: z.enum(['compute', 'memory', 'communication', 'overhead']),
})

/** The run's mean step of one kind, taken apart. */
export const StepFigures = z.strictObject({
  pool: z.string(),
  /** Steps with prompt tokens, whatever else they do, and those without. */
  phase: z.enum(['prefill', 'decode']),
  /** Steps of that kind in the run. */
  steps: z.number(),
  /** Prompt tokens of the mean step, its decoding sequences, and the context of each of them. */
  prefill_tokens: z.number(),
  decodes: z.number(),
  context_tokens: z.number(),
  seconds: z.number(),
  /** What one device can do at most, by its datasheet. */
  device: z.strictObject({
    name: z.string(),
    peak_flop_per_sec: z.number(),
    memory_bytes_per_sec: z.number(),
  }),
  operators: z.array(OperatorFigures),
})

/** What the memory of a pool's fullest device is for. */
export const MemoryBreakdown = z.strictObject({
  pool: z.string(),
  device_bytes: z.number(),
  /** They add up to `device_bytes`. */
  parts: z.array(z.strictObject({ name: z.string(), bytes: z.number() })),
})

/** What a results file holds: the figures, and all that is needed to make them again. */
export const ResultsDocument = SimulationResult.extend({
  /** What the memory of the devices is for, pool by pool. */
  memory_breakdown: z.array(MemoryBreakdown).optional(),
  /** The mean steps of the run, operator by operator. */
  operators: z.array(StepFigures).optional(),
  /** The run over time. */
  time_series: TimeSeries.optional(),
  /** Over several seeds; all other figures are those of the first seed. */
  replications: Replications.optional(),
  /** With every default filled in. */
  scenario: Scenario,
  /** SHA-256 of the trace that was replayed, 64 hexadecimal digits. */
  trace_sha256: z.string().optional(),
  /** Versions of the packages that computed it. */
  versions: z.record(z.string(), z.string()),
})
export type ResultsDocument = z.infer<typeof ResultsDocument>
export type Replications = z.infer<typeof Replications>
export type ReplicatedFigure = z.infer<typeof ReplicatedFigure>
export type StepFigures = z.infer<typeof StepFigures>
export type OperatorFigures = z.infer<typeof OperatorFigures>
export type MemoryBreakdown = z.infer<typeof MemoryBreakdown>
