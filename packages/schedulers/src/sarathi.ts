import type { SchedulerFactory } from '@llmsim/contracts'
import { mixedSteps } from './mixed-step.js'
import { wholeOption } from './option-values.js'

/**
 * Stall-free batching: each step decodes all that can, and fills up to a small fixed number of tokens
 * (`chunk_size` in `extra`: 512 unless given, `maxBatchedTokens` at most) with prompt chunks, so that no
 * step lasts much longer than the ones before it.
 *
 * Sarathi-Serve (Agrawal et al., OSDI '24), `sarathi/core/scheduler/sarathi_scheduler.py`, with the
 * watermark of its block manager. Its dynamic chunk sizes are not modelled. The phase order has no
 * meaning here.
 */
export const sarathi: SchedulerFactory = {
  name: 'sarathi',
  description: 'Decodes at every step, and fills it up to a small chunk size with prompt tokens.',
  options: ['chunk_size'],
  create(options) {
    const chunkSize = wholeOption(options, 'chunk_size', 512, {
      least: 1,
      meaning: 'tokens of a step',
    })
    return mixedSteps('sarathi', options, {
      tokenBudget: Math.min(chunkSize, options.maxBatchedTokens),
      chunked: true,
      chunkLimit: Infinity,
      cutAtBlocks: false,
      watermark: options.watermark,
      reservedTokens: undefined,
    })
  },
}
