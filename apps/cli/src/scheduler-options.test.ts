import { randomSpecification, resultDifferences, testScheduler } from '@llmsim/conformance'
import { schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { describe, expect, it } from 'vitest'

const api = { describe, it }

/** Options under which schedulers plan what they do not by default, in scenarios of short requests. */
const options: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  orca: [{ max_output_tokens: 150 }, { max_output_tokens: 5 }],
  'vllm-v1': [{ long_prefill_token_threshold: 7 }],
  sarathi: [{ chunk_size: 20 }],
  sglang: [
    { chunked_prefill_size: 30, max_output_tokens: 150, new_token_ratio_decay_steps: 40 },
    { max_output_tokens: 4, retract_decode_steps: 3 },
    { max_output_tokens: 60, min_new_token_ratio_factor: 0, schedule_conservativeness: 0.3 },
    { scheduler_recv_interval: 7 },
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
    { capacity_scheduler_policy: 'max-utilization', enable_chunked_context: true },
  ],
  lightllm: [
    { max_output_tokens: 150, router_max_new_token_len: 40, router_token_ratio: 0.5 },
    { max_output_tokens: 10, router_token_ratio: 0 },
  ],
}

for (const factory of schedulers)
  for (const extra of [...(options[factory.name] ?? []), { order: 'shortest-prompt-first' }])
    describe(`with ${JSON.stringify(extra)}`, () => {
      testScheduler(api, factory, { scenarios: 150, extra })
    })

describe('the order of the queue', () => {
  it('by priority equals stepping, and is another than that of arrival', () => {
    let others = 0
    for (let seed = 1; seed <= 100; seed++)
      for (const factory of schedulers) {
        const run = (order: string, stepByStep: boolean) => {
          const specification = randomSpecification(seed, {
            createScheduler: (given) => factory.create({ ...given, extra: { order } }),
          })
          const { source } = specification
          let drawn = 0
          return simulate({
            ...specification,
            stepByStep,
            source: {
              ...source,
              next(request) {
                const any = source.next(request)
                request.priority = (drawn++ * 7919) % 5
                return any
              },
            },
          })
        }
        const jumped = run('priority', false)
        expect(resultDifferences(jumped, run('priority', true), 1e-9), `seed ${seed}`).toEqual([])
        if (resultDifferences(jumped, run('fcfs', false), 1e-9).length > 0) others++
      }
    expect(others).toBeGreaterThan(100)
  }, 120_000)
})
