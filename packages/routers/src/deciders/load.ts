import type { DeciderFactory } from '@llmsim/contracts'
import { wholeOption } from './decider-options.js'

/**
 * A prefill pool computes a prompt while fewer than `max_prefill_queue_size` (2) requests wait there for each
 * replica; beyond that the decode replica does.
 *
 * The limit and its default are those of NVIDIA Dynamo's `PyDisaggregatedRouter`, which has one queue for all
 * of its prefill workers; counted for each replica it does not depend on how many there are.
 */
export const load: DeciderFactory = {
  name: 'load',
  description: 'A prefill pool computes prompts while its queue is short.',
  options: ['max_prefill_queue_size'],
  create(options) {
    const most = wholeOption(options, 'max_prefill_queue_size', 2, 'requests for each replica')
    return {
      name: 'load',
      decide: (_request, { prefillQueued, prefillReplicas }) =>
        prefillQueued < most * prefillReplicas ? 'prefill' : 'decode',
    }
  },
}
