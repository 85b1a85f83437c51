import { SimulatorError, type SchedulerFactory, type SchedulerOptions } from '@llmsim/contracts'
import {
  gatheringGate,
  openGate,
  pollingGate,
  pollOption,
  type AdmissionGate,
} from './admission-gate.js'
import { mixedSteps } from './mixed-step.js'
import { queueLag } from './queue-lag.js'
import {
  flagOption,
  longestOutput,
  maxOutputTokens,
  numberOption,
  wholeOption,
  wordOption,
} from './option-values.js'

/**
 * In-flight batching: steps mix the next tokens of the running requests with prompts, up to
 * `maxBatchedTokens` (its `max_num_tokens`); who decodes beyond that waits. Options, in `extra`:
 *
 * - `capacity_scheduler_policy`: `guaranteed-no-evict` (the default) admits a request when there is room
 *   for its prompt and the longest output that it may have (its client's limit, or `max_output_tokens`); `max-utilization` admits
 *   it when there is room for its prompt, and pauses the one started last when memory runs out.
 * - `enable_chunked_context`: whether prompts are cut to what is left of the budget, at whole KV blocks;
 *   false unless given: a prompt waits until it fits, and one beyond the whole budget until it is alone.
 * - `context_chunking_policy`: `first-come-first-served` (the default) lets a prompt take all that is left;
 *   `equal-progress` lets all of them, those that wait too, go on by a KV block in turn.
 * - `batch_wait_timeout_iters` (0) and `batch_wait_max_tokens_ratio` (0): beside running requests, prompts
 *   wait so many steps for others, or until a step would have that share of `maxBatchedTokens`.
 * - `attention_dp_timeout_iters` (1): with attention data parallelism prompts wait until each group has one,
 *   at most for so many steps. A simulated group sees no other, and takes its prompts once in so many steps.
 * - `overlap_scheduler` (false; on in its PyTorch engine unless `disable_overlap_scheduler`): a step is planned while the one
 *   before runs, so that a request that comes meanwhile waits for one step more. It counts for nothing beside waits.
 *
 * Behaviour of TensorRT-LLM's `cpp/tensorrt_llm/batch_manager/capacityScheduler.cpp` and
 * `microBatchScheduler.cpp` (of which chunks of a forced size are left out), and of
 * `tensorrt_llm/_torch/pyexecutor/py_executor.py` (waiting). Outputs longer than were reserved for go on,
 * at the cost of a preemption; of the batches with pipeline stages each reserves for itself alone. The
 * phase order and the watermark have no meaning here.
 */
export const tensorrtLlm: SchedulerFactory = {
  name: 'tensorrt-llm',
  description: 'In-flight batching that evicts nobody (or, by option, fills the memory).',
  options: [
    'capacity_scheduler_policy',
    'max_output_tokens',
    'enable_chunked_context',
    'context_chunking_policy',
    'batch_wait_timeout_iters',
    'batch_wait_max_tokens_ratio',
    'attention_dp_timeout_iters',
    'overlap_scheduler',
  ],
  create(options) {
    const policies = ['guaranteed-no-evict', 'max-utilization'] as const
    const policy = wordOption(options, 'capacity_scheduler_policy', policies, policies[0])
    const longest = maxOutputTokens(options)
    const chunked = flagOption(options, 'enable_chunked_context', false)
    const chunkings = ['first-come-first-served', 'equal-progress'] as const
    const chunking = wordOption(options, 'context_chunking_policy', chunkings, chunkings[0])
    if (chunking === 'equal-progress' && !chunked)
      throw new SimulatorError({
        code: 'CONFLICT',
        path: 'scheduler.options.context_chunking_policy',
        message: 'is of chunks, of which there are none',
        given: chunking,
        accepted: 'scheduler.options.enable_chunked_context: true',
      })
    const gate = gateOf(options)
    return mixedSteps('tensorrt-llm', options, {
      tokenBudget: options.maxBatchedTokens,
      first: 'decodes-in-budget',
      chunked,
      equalProgress: chunking === 'equal-progress',
      chunkLimit: Infinity,
      cutAtBlocks: true,
      watermark: 0,
      reservedTokens:
        policy === 'max-utilization'
          ? undefined
          : (view, slot) => view.promptTokens(slot) + longestOutput(view, slot, longest),
      gate,
      lag: queueLag(flagOption(options, 'overlap_scheduler', false) && gate === openGate),
    })
  },
}

function gateOf(options: SchedulerOptions): AdmissionGate {
  const cycle = pollOption(options, 'attention_dp_timeout_iters')
  const share = { least: 0, most: 1, meaning: 'a share of max_num_batched_tokens' }
  const ratio = numberOption(options, 'batch_wait_max_tokens_ratio', 0, share)
  const wait = { least: 0, meaning: 'steps that prompts wait at most' }
  const steps = wholeOption(options, 'batch_wait_timeout_iters', 0, wait)
  if (cycle > 1) return pollingGate(cycle)
  return gatheringGate(steps, ratio * options.maxBatchedTokens, options.maxBatchSize)
}
