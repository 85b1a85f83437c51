import type { SchedulerFactory } from '@llmsim/contracts'
import { mixedSteps } from './mixed-step.js'
import { flagOption, wholeOption } from './option-values.js'
import { queueLag } from './queue-lag.js'

/**
 * One token budget for each step (`maxBatchedTokens`): running requests come first, in order of admission, each
 * decoding one with a token, then prompts in chunks fill what is left, so that steps mix both phases. Who finds
 * nothing left of the budget waits, whether it decodes or not. A prompt is
 * admitted when there is room for all of it; when a decoding request finds no block, the one admitted
 * last is preempted.
 *
 * Behaviour of vLLM's v1 engine (`vllm/v1/core/sched/scheduler.py`). Options, in `extra`:
 *
 * - `long_prefill_token_threshold` (0: no limit): tokens of one request in a step at most.
 * - `async_scheduling` (false; vLLM's default from 0.14 on): a step is planned while the one before runs, so that
 *   a request that comes meanwhile waits for one step more. Only arrivals lag: places and blocks that a
 *   request leaves are taken at once.
 *
 * The phase order and the watermark have no meaning here.
 */
export const vllmV1: SchedulerFactory = {
  name: 'vllm-v1',
  description:
    'Fills a token budget in order of admission, with decodes and prompt chunks in mixed steps.',
  options: ['long_prefill_token_threshold', 'async_scheduling'],
  create(options) {
    const threshold = wholeOption(options, 'long_prefill_token_threshold', 0, {
      least: 0,
      meaning: 'tokens of one prompt in a step at most; 0 for no limit',
    })
    return mixedSteps('vllm-v1', options, {
      tokenBudget: options.maxBatchedTokens,
      first: 'running-order',
      chunked: true,
      chunkLimit: threshold === 0 ? Infinity : threshold,
      cutAtBlocks: false,
      watermark: 0,
      reservedTokens: undefined,
      lag: queueLag(flagOption(options, 'async_scheduling', false)),
    })
  },
}
