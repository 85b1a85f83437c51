import { z } from 'zod'

const seconds = z.number().nonnegative().max(1e10)
/** Shorter ones would be all that a run does. */
const span = z.number().min(0.001).max(1e10)
const number = z.int().nonnegative().max(1_000_000)

/** Something that breaks and is repaired. */
export const FaultEventSection = z.strictObject({
  kind: z.enum(['replica', 'node', 'link']).describe('What breaks.'),
  pool: z.string().min(1).optional().describe('Name of the pool; any when absent.'),
  replica: number.optional().describe('Number of the replica; any when absent.'),
  node: number.optional().describe('Number of the node; any when absent.'),
  at_s: seconds.optional().describe('When it breaks first.'),
  duration_s: span.optional().describe('Time to its repair; for ever when absent.'),
  every_s: span.optional().describe('It breaks again so long after; once when absent.'),
  mtbf_s: span.optional().describe('Mean time from a repair to the next break.'),
  mttr_s: span.optional().describe('Mean time from a break to its repair.'),
  bandwidth_factor: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('What a broken link has left of its bandwidth.'),
})

/** What breaks, and what becomes of the requests that it hits. */
export const FaultsSection = z.strictObject({
  every_s: span
    .optional()
    .describe('Some replica breaks each time so long after the last one did.'),
  duration_s: span.optional().describe('Time to its repair.'),
  mtbf_s: span.optional().describe('Mean time from a repair of a replica to its next break.'),
  mttr_s: span.optional().describe('Mean time from a break of a replica to its repair.'),
  events: z.array(FaultEventSection).max(1000).optional(),
  max_retries: number.optional().describe('How often a request is served again.'),
  retry_delay_ms: z.number().nonnegative().max(1e12).optional(),
  retry_from: z.enum(['prompt', 'last-token']).optional(),
  start_up_s: seconds.optional().describe('From a repair to the first step.'),
})
export type FaultsSection = z.infer<typeof FaultsSection>
export type FaultEventSection = z.infer<typeof FaultEventSection>
