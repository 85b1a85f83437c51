/** Options under which schedulers plan what they do not by default, in scenarios of short requests. */
export const schedulerOptionSets: Readonly<
  Record<string, readonly Readonly<Record<string, unknown>>[]>
> = {
  orca: [{ max_output_tokens: 150 }, { max_output_tokens: 5 }],
  'vllm-v0': [{ enable_chunked_prefill: true }],
  'vllm-v1': [
    { long_prefill_token_threshold: 7 },
    { async_scheduling: true },
    { async_scheduling: true, long_prefill_token_threshold: 11 },
  ],
  sarathi: [
    { chunk_size: 20 },
    {
      enable_dynamic_chunking_schedule: true,
      low_chunk_size: 8,
      high_chunk_size: 64,
      chunk_schedule_stages: 4,
      chunk_schedule_max_tokens: 200,
    },
  ],
  sglang: [
    { chunked_prefill_size: 30, max_output_tokens: 150, new_token_ratio_decay_steps: 40 },
    { max_output_tokens: 4, retract_decode_steps: 3 },
    { max_output_tokens: 60, min_new_token_ratio_factor: 0, schedule_conservativeness: 0.3 },
    { scheduler_recv_interval: 7 },
    { overlap_schedule: true },
    { overlap_schedule: true, max_output_tokens: 60, chunked_prefill_size: 30 },
    { enable_mixed_chunk: true, chunked_prefill_size: 60, max_output_tokens: 150 },
    { enable_mixed_chunk: true, scheduler_recv_interval: 5 },
  ],
  'tensorrt-llm': [
    { max_output_tokens: 150, enable_chunked_context: true },
    { max_output_tokens: 5 },
    { capacity_scheduler_policy: 'max-utilization' },
    { batch_wait_timeout_iters: 6, batch_wait_max_tokens_ratio: 0.9 },
    { batch_wait_timeout_iters: 40, batch_wait_max_tokens_ratio: 0.3, max_output_tokens: 60 },
    { attention_dp_timeout_iters: 9 },
    { overlap_scheduler: true },
    { overlap_scheduler: true, enable_chunked_context: true, max_output_tokens: 60 },
    { capacity_scheduler_policy: 'max-utilization', enable_chunked_context: true },
    { enable_chunked_context: true, context_chunking_policy: 'equal-progress' },
    {
      capacity_scheduler_policy: 'max-utilization',
      enable_chunked_context: true,
      context_chunking_policy: 'equal-progress',
    },
  ],
  lightllm: [
    { max_output_tokens: 150, router_max_new_token_len: 40, router_token_ratio: 0.5 },
    { max_output_tokens: 10, router_token_ratio: 0 },
    { max_output_tokens: 60, router_max_wait_tokens: 6 },
  ],
}

const orders = ['fcfs', 'priority', 'shortest-prompt-first', 'lpm', 'sjf', 'edf', 'fair', 'fair']

/** Options of a scheduler, and an order of its queue, drawn by a seed. */
export function optionsFor(scheduler: string, seed: number): Record<string, unknown> {
  const sets = [{}, ...(schedulerOptionSets[scheduler] ?? [])]
  const round = Math.floor(seed / 11)
  return { ...sets[round % sets.length], order: orders[seed % orders.length] }
}
