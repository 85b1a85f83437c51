import type { SchedulerFactory } from '@llmsim/contracts'
import { mixedSteps } from './mixed-step.js'
import { longestOutput, maxOutputTokens } from './option-values.js'

/**
 * Iteration-level scheduling with selective batching: each step runs all requests of the batch, whole
 * prompts of newcomers beside the next tokens of the others, without a limit on tokens. A request is
 * admitted, first come first served, when there is room for its prompt and for the longest output that
 * it may have (its client's limit, or `max_output_tokens` in `extra`); so nobody is preempted, and memory lies idle.
 *
 * Orca (Yu et al., OSDI '22), algorithm 1: `max_bs` is the batch size, `n_slots` the KV cache, `max_tokens`
 * the prompt and the longest output. Two differences: KV blocks are paged, so that what is reserved may
 * lie anywhere; and an output longer than was reserved for goes on, and the request admitted last is
 * preempted for it. Of the replica's batches with pipeline stages each reserves for itself alone. The
 * phase order, the watermark and the token budget have no meaning here.
 */
export const orca: SchedulerFactory = {
  name: 'orca',
  description: 'Mixes whole prompts with decodes; reserves memory for the longest possible output.',
  options: ['max_output_tokens'],
  create(options) {
    const longest = maxOutputTokens(options)
    return mixedSteps('orca', options, {
      tokenBudget: Infinity,
      first: 'decodes',
      chunked: false,
      chunkLimit: Infinity,
      cutAtBlocks: false,
      watermark: 0,
      reservedTokens: (view, slot) => view.promptTokens(slot) + longestOutput(view, slot, longest),
    })
  },
}
