import { z } from 'zod'
import { count, nonNegative } from './scenario-number.js'

/** How the replicas of a pool come and go. */
export const AutoscalingSection = z.strictObject({
  signal: z
    .enum(['utilization', 'queue', 'slo'])
    .optional()
    .describe('What is kept at its target.'),
  target: z
    .number()
    .min(0.001)
    .max(1e6)
    .optional()
    .describe('Of the signal, for each replica; with slo: the share of requests that meet it.'),
  min_replicas: count.max(100_000).optional(),
  max_replicas: count.max(100_000).optional(),
  initial_replicas: count.max(100_000).optional(),
  interval_s: z.number().min(0.01).max(1e9).optional().describe('Between two looks.'),
  cooldown_s: nonNegative.optional().describe('From a change until replicas may go.'),
  provisioning_s: nonNegative.optional().describe('Until the devices of a replica are there.'),
  start_up_s: nonNegative.optional().describe('Until its weights are loaded after that.'),
  replace_after_s: nonNegative
    .optional()
    .describe('How long a broken replica counts, until another one takes its place.'),
  window_s: z.number().min(0.01).max(1e9).optional().describe('For how long a request counts.'),
  scale_down_at: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Share of each limit with which the target is met before a replica goes.'),
})
export type AutoscalingSection = z.infer<typeof AutoscalingSection>
