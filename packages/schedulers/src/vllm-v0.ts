import type { SchedulerFactory } from '@llmsim/contracts'
import { exclusivePhases } from './exclusive-phases.js'

/**
 * Waiting prompts go before decoding, whole and first come first served, up to `maxBatchedTokens` in a
 * step and `maxBatchSize` requests in all; a share of the KV blocks, the watermark, stays free at
 * admission. A step never mixes the phases. When blocks run out, the request admitted last is preempted
 * and recomputed, or swapped to host memory where the replica has some: those come before any prompt.
 *
 * Behaviour of vLLM's v0 engine without chunked prefill (`vllm/core/scheduler.py`,
 * `_schedule_default`; `vllm/core/block_manager.py`). It plans as `greedy` does with prefills first, which
 * is the only order here. Three differences: a prompt beyond the budget goes alone, where the engine
 * refuses it; a request is preempted when a block is needed and none is free, where the engine wants a
 * free block for each request, needed or not; and an idle replica ignores the watermark.
 */
export const vllmV0: SchedulerFactory = {
  name: 'vllm-v0',
  description: 'Prefills whole prompts before it decodes; preempts by recomputation or swap.',
  options: [],
  create: (options) =>
    exclusivePhases(
      'vllm-v0',
      { ...options, phaseOrder: 'prefill-first' },
      { batching: 'continuous', windowed: false },
    ),
}
