import type { DeciderFactory } from '@llmsim/contracts'
import { wholeOption } from './decider-options.js'

/**
 * A prefill pool computes a prompt of which the prefix cache of the decode replica lacks more than
 * `max_local_prefill_length` tokens (1000), where a replica is there that could; the decode replica computes
 * all others.
 *
 * The rule is that of llm-d's `prefix-based-pd-decider`, and half of NVIDIA Dynamo's conditional
 * disaggregation, whose default length this is (`PyDisaggregatedRouter`).
 */
export const prefixMiss: DeciderFactory = {
  name: 'prefix-miss',
  description: 'A prefill pool computes prompts of which the decode replica has too little cached.',
  options: ['max_local_prefill_length'],
  create(options) {
    const most = wholeOption(options, 'max_local_prefill_length', 1000, 'tokens')
    return {
      name: 'prefix-miss',
      decide: ({ promptTokens }, { cachedTokens, prefillReplicas }) =>
        promptTokens - cachedTokens > most && prefillReplicas > 0 ? 'prefill' : 'decode',
    }
  },
}
