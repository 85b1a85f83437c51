import type { SchedulerFactory } from '@llmsim/contracts'
import { exclusivePhases } from './exclusive-phases.js'
import { mixedSteps } from './mixed-step.js'
import { flagOption } from './option-values.js'

/**
 * Waiting prompts go before decoding, whole and first come first served, up to `maxBatchedTokens` in a
 * step and `maxBatchSize` requests in all; a share of the KV blocks, the watermark, stays free at
 * admission. A step never mixes the phases. When a request that decodes finds no free block, needed or not, the
 * one admitted last is preempted and recomputed, or swapped to host memory where the replica has some: those come
 * before any prompt.
 *
 * With `enable_chunked_prefill` in `extra` steps mix the phases: those that decode come first, in order of admission
 * and while the budget lasts, then prompts that have begun, then waiting ones, cut to what is left of it.
 *
 * Behaviour of vLLM's v0 engine (`vllm/core/scheduler.py`, `_schedule_default` and `_schedule_chunked_prefill`;
 * `vllm/core/block_manager.py`). Prefills first is the only order here. Two differences: without chunks a prompt
 * beyond the budget goes alone, where the engine refuses it; and an idle replica ignores the watermark.
 */
export const vllmV0: SchedulerFactory = {
  name: 'vllm-v0',
  description: 'Prefills whole prompts before it decodes; preempts by recomputation or swap.',
  options: ['enable_chunked_prefill'],
  create(options) {
    if (flagOption(options, 'enable_chunked_prefill', false))
      return mixedSteps('vllm-v0', options, {
        tokenBudget: options.maxBatchedTokens,
        first: 'decodes-in-budget',
        chunked: true,
        chunkLimit: Infinity,
        cutAtBlocks: false,
        watermark: options.watermark,
        freeBlockEach: true,
        reservedTokens: undefined,
      })
    return exclusivePhases(
      'vllm-v0',
      { ...options, phaseOrder: 'prefill-first' },
      { batching: 'continuous', windowed: false, freeBlockEach: true },
    )
  },
}
