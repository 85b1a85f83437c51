import type { SchedulerFactory } from '@llmsim/contracts'
import { mixedSteps } from './mixed-step.js'
import { flagOption, maxOutputTokens, wordOption } from './option-values.js'

/**
 * In-flight batching: steps mix the next tokens of the running requests with prompts, up to
 * `maxBatchedTokens` (its `max_num_tokens`). Options, in `extra`:
 *
 * - `capacity_scheduler_policy`: `guaranteed-no-evict` (the default) admits a request when there is room
 *   for its prompt and the longest output that it may have, `max_output_tokens`; `max-utilization` admits
 *   it when there is room for its prompt, and pauses the one started last when memory runs out.
 * - `enable_chunked_context`: whether prompts are cut to what is left of the budget, at whole KV blocks;
 *   false unless given: a prompt waits until it fits, and one beyond the whole budget until it is alone.
 *
 * Behaviour of TensorRT-LLM's `cpp/tensorrt_llm/batch_manager/capacityScheduler.cpp` and
 * `microBatchScheduler.cpp` (chunks first come first served). Outputs longer than were reserved for go on,
 * at the cost of a preemption; of the batches with pipeline stages each reserves for itself alone. The
 * phase order and the watermark have no meaning here.
 */
export const tensorrtLlm: SchedulerFactory = {
  name: 'tensorrt-llm',
  description: 'In-flight batching that evicts nobody (or, by option, fills the memory).',
  create(options) {
    const policies = ['guaranteed-no-evict', 'max-utilization'] as const
    const policy = wordOption(options, 'capacity_scheduler_policy', policies, policies[0])
    const longest = maxOutputTokens(options)
    return mixedSteps('tensorrt-llm', options, {
      tokenBudget: options.maxBatchedTokens,
      chunked: flagOption(options, 'enable_chunked_context', false),
      chunkLimit: Infinity,
      cutAtBlocks: true,
      watermark: 0,
      reservedTokens:
        policy === 'max-utilization'
          ? undefined
          : (view, slot) => view.promptTokens(slot) + longest,
    })
  },
}
