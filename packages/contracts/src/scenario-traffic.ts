import { z } from 'zod'
import { count, nonNegative, positive, tokens } from './scenario-number.js'

const rate = nonNegative.describe('Requests per second.')

/** How many tokens: by a formula, or by counts. */
export const LengthsSection = z.union([
  z.strictObject({
    distribution: z.literal('histogram'),
    bins: z
      .array(z.strictObject({ tokens, up_to: tokens.optional(), weight: nonNegative }))
      .min(1)
      .describe('Tokens, or each number from tokens to up_to, in proportion to the weight.'),
  }),
  z.strictObject({
    distribution: z.enum(['fixed', 'uniform', 'normal', 'lognormal', 'zipf']).optional(),
    mean: positive.describe('Tokens.'),
    std: nonNegative.optional(),
    min: tokens.optional(),
    max: tokens.optional(),
  }),
])

const marginal = z.strictObject({ mean: positive, std: nonNegative, max: tokens.optional() })

/** Prompt and output drawn together. */
export const JointLengthsSection = z.union([
  z.strictObject({
    joint: z.literal('lognormal'),
    input: marginal,
    output: marginal,
    correlation: z.number().min(-1).max(1).describe('Of the logarithms.'),
  }),
  z.strictObject({
    joint: z.literal('pairs'),
    pairs: z
      .array(z.strictObject({ input: tokens, output: tokens, weight: nonNegative.optional() }))
      .min(1),
  }),
])

/** A rate of requests that changes with time. */
export const LoadSection = z.discriminatedUnion('shape', [
  z.strictObject({
    shape: z.literal('steps'),
    steps: z.array(z.strictObject({ duration_s: positive, rate })).min(1),
    repeat: z.boolean().optional(),
  }),
  z.strictObject({
    shape: z.literal('curve'),
    points: z.array(z.strictObject({ at_s: nonNegative, rate })).min(1),
    period_s: positive.optional(),
  }),
  z.strictObject({
    shape: z.literal('diurnal'),
    mean_rate: rate,
    amplitude: z.number().min(0).max(1),
    period_s: positive.optional(),
    peak_at_s: nonNegative.optional(),
  }),
  z.strictObject({
    shape: z.literal('markov'),
    states: z.array(z.strictObject({ rate, mean_duration_s: positive })).min(1),
  }),
])

/** Limits of single requests, and of quantiles. */
export const ObjectivesSection = z.strictObject({
  ttft_ms: positive.optional(),
  tpot_ms: positive.optional(),
  e2e_ms: positive.optional(),
  ttft_percentiles_ms: percentiles(),
  tpot_percentiles_ms: percentiles(),
  e2e_percentiles_ms: percentiles(),
})

function percentiles(): z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodNumber>> {
  return z
    .record(
      z.string().regex(/^p\d{2,6}$/, 'a quantile such as p50, p99 or p999 (the 99.9th percentile)'),
      positive,
    )
    .optional()
    .describe('Limits of quantiles, by their name: p99, p999.')
}

/** One kind of request among others. */
export const RequestClassSection = z.strictObject({
  name: z.string().min(1).max(100),
  weight: positive.optional().describe('Its share of the requests, by the sum of all weights.'),
  priority: z.int().min(-1_000_000).max(1_000_000).optional(),
  tenant: z.string().min(1).max(100).optional().describe('Who sends them all.'),
  input_lengths: LengthsSection.optional(),
  output_lengths: LengthsSection.optional(),
  joint_lengths: JointLengthsSection.optional(),
  slo: ObjectivesSection.optional().describe('In place of that of the run.'),
})

export const TenantSection = z.strictObject({
  name: z.string().min(1).max(100),
  weight: positive.optional().describe('Its share of the requests, by the sum of all weights.'),
})

/** Calls that follow each other: each comes its think time after the answer before. */
export const ImagesSection = z.strictObject({
  per_request: z
    .union([z.int().min(1).max(1000), z.array(nonNegative).min(2).max(1000)])
    .optional()
    .describe('Images of each request; or the weights of none, one, two, …'),
  sizes: z
    .array(
      z.strictObject({
        width: count.max(100_000).describe('Pixels.'),
        height: count.max(100_000).describe('Pixels.'),
        weight: positive.optional().describe('Share of requests with images of this size.'),
      }),
    )
    .min(1)
    .max(1000)
    .optional()
    .describe('Sizes of images; those of a request have all the same.'),
})

export const SessionsSection = z.strictObject({
  turns: LengthsSection.describe('Calls of a session.'),
  think_time_s: nonNegative.describe(
    'Mean of the exponential time between an answer and the next call.',
  ),
  first_input_lengths: LengthsSection.optional().describe(
    'Tokens that the first call brings besides, as of instructions.',
  ),
})

export type LengthsSection = z.infer<typeof LengthsSection>
export type JointLengthsSection = z.infer<typeof JointLengthsSection>
export type LoadSection = z.infer<typeof LoadSection>
export type RequestClassSection = z.infer<typeof RequestClassSection>
export type SessionsSection = z.infer<typeof SessionsSection>
export type ObjectivesSection = z.infer<typeof ObjectivesSection>
