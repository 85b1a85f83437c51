import { z } from 'zod'
import { AdaptersSection } from './scenario-adapters.js'
import { count, nonNegative, positive, tokens } from './scenario-number.js'
import {
  ImagesSection,
  JointLengthsSection,
  LengthsSection,
  LoadSection,
  RequestClassSection,
  SessionsSection,
  TenantSection,
} from './scenario-traffic.js'

export const lengthDistributions = ['fixed', 'uniform', 'normal', 'lognormal', 'zipf'] as const
export const arrivalProcesses = ['poisson', 'gamma', 'weibull', 'constant'] as const

/** What clients ask for, and how long they wait for it. */
export const ClientSection = z.strictObject({
  max_output_tokens: tokens
    .optional()
    .describe('Tokens that a client allows a request to generate; longer outputs are cut.'),
  timeout_s: positive.optional().describe('How long a client waits before it gives a request up.'),
  timeout_until: z.enum(['first-token', 'completion']).optional().describe('What it waits for.'),
  max_retries: z
    .int()
    .nonnegative()
    .max(100)
    .optional()
    .describe('How often a client sends a request again that was refused or took too long.'),
  backoff_s: nonNegative
    .optional()
    .describe('Mean pause before the first retry; each further one is twice as long.'),
})

export const WorkloadSection = z.strictObject({
  avg_input_length: positive.optional().describe('Mean prompt length in tokens.'),
  input_length_std: nonNegative
    .optional()
    .describe('Standard deviation of the prompt length in tokens.'),
  max_input_length: tokens
    .optional()
    .describe('Prompts, or what each call of a session adds, are cut to this many tokens.'),
  avg_output_length: positive.optional().describe('Mean output length in tokens.'),
  output_length_std: nonNegative
    .optional()
    .describe('Standard deviation of the output length in tokens.'),
  max_output_length: tokens.optional().describe('Outputs are cut to this many tokens.'),
  length_distribution: z.enum(lengthDistributions).optional().describe('How lengths are drawn.'),
  arrival_rate: positive.optional().describe('Requests per second.'),
  arrival_process: z.enum(arrivalProcesses).optional().describe('How arrivals are spaced.'),
  cv: positive
    .max(100)
    .optional()
    .describe('Coefficient of variation of the gaps of gamma and Weibull arrivals.'),
  concurrency: count
    .max(1_000_000)
    .optional()
    .describe('Closed loop: requests in the system at any time.'),
  shared_prefix_length: tokens
    .optional()
    .describe('Tokens with which prompts begin alike; for prefix caching.'),
  num_shared_prefixes: count
    .max(1e9)
    .optional()
    .describe('Different beginnings; each request has one of them.'),
  num_requests: count.max(1e12).optional().describe('Requests at most.'),
  load: LoadSection.optional().describe('A rate that changes with time, in place of a rate.'),
  input_lengths: LengthsSection.optional().describe('Prompt lengths, in place of a mean.'),
  output_lengths: LengthsSection.optional().describe('Output lengths, in place of a mean.'),
  joint_lengths: JointLengthsSection.optional().describe('Prompts and outputs drawn together.'),
  classes: z
    .array(RequestClassSection)
    .min(1)
    .max(1000)
    .optional()
    .describe('Kinds of requests, each with its share, lengths, priority and objectives.'),
  tenants: z
    .array(TenantSection)
    .min(1)
    .max(100_000)
    .optional()
    .describe('Who sends the requests, each with its share.'),
  images: ImagesSection.optional().describe('Images in front of the text of prompts.'),
  sessions: SessionsSection.optional().describe(
    'Closed loop for each session: the rate is that of sessions, and the lengths are of calls.',
  ),
  adapters: AdaptersSection.optional().describe(
    'LoRA adapters: each session, or each request without one, has one of them.',
  ),
  trace: z.string().min(1).optional().describe('A trace file to replay.'),
  window_s: z
    .tuple([nonNegative, positive])
    .optional()
    .describe('Only requests of the trace from the first to before the second of these seconds.'),
  spread_ticks_s: positive
    .max(1e9)
    .optional()
    .describe('Spreads requests of the trace that share a time over so many seconds.'),
  rate_scale: positive.max(1000).optional().describe('Requests in place of each of the trace.'),
  speed: positive.max(1e9).optional().describe('Times of the trace are divided by it.'),
  max_total_length: count
    .max(20_000_000)
    .optional()
    .describe(
      'Longest prompt and output together, of a trace or of the calls of sessions, tokens.',
    ),
  over_long: z
    .enum(['cut', 'drop'])
    .optional()
    .describe('Whether over-long requests of the trace are cut or left out.'),
  output_prediction_error: nonNegative
    .max(100)
    .optional()
    .describe('Relative error of predicted output lengths, for schedulers that heed them.'),
  client: ClientSection.optional(),
})
export type WorkloadSection = z.infer<typeof WorkloadSection>
