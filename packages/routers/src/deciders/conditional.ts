import type { DeciderFactory } from '@llmsim/contracts'
import { load } from './load.js'
import { prefixMiss } from './prefix-miss.js'

/**
 * A prefill pool computes a prompt that `prefix-miss` and `load` would both give it, with the options of
 * both: NVIDIA Dynamo's conditional disaggregation.
 */
export const conditional: DeciderFactory = {
  name: 'conditional',
  description: 'A prefill pool computes prompts with little cached while its queue is short.',
  options: ['max_local_prefill_length', 'max_prefill_queue_size'],
  create(options) {
    const both = [prefixMiss.create(options), load.create(options)]
    return {
      name: 'conditional',
      decide: (request, view) =>
        both.every((decider) => decider.decide(request, view) === 'prefill') ? 'prefill' : 'decode',
    }
  },
}
