/** Who is served when a step has less than all want: tokens of the budget, or free KV blocks. */
import { isSimulatorError } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { lightllm, sarathi, tensorrtLlm, vllmV0, vllmV1 } from './index.js'
import { decoding, make, nothing, plan, prompts, resident, type Scene } from './testing/scene.js'

const chunkedV0 = (maxBatchedTokens: number, watermark = 0) =>
  make(vllmV0, { maxBatchedTokens, watermark, extra: { enable_chunked_prefill: true } })

describe.each([
  ['vllm-v1', make(vllmV1, { maxBatchedTokens: 2 })],
  ['vllm-v0 with chunks', chunkedV0(2)],
  ['tensorrt-llm', make(tensorrtLlm, { maxBatchedTokens: 2 })],
])('the budget of %s', (_name, scheduler) => {
  it('is for those who were admitted first: who decodes beyond it waits, and nobody is admitted', () => {
    const running = [decoding(20), decoding(21), decoding(22)]
    const scene: Scene = { totalBlocks: 1000, running, waiting: prompts(1) }
    expect(plan(scheduler, scene)).toMatchObject({
      decodes: false,
      only: [0, 1],
      prefill: {},
      ignoresArrivals: true,
    })
  })

  it('needs KV blocks for those alone, and the last of all makes room', () => {
    const running = [decoding(16), decoding(16), decoding(17)]
    const fits: Scene = { totalBlocks: 6, running }
    expect(plan(scheduler, fits)).toMatchObject({ only: [0, 1], preempt: [] })
    const tight: Scene = { totalBlocks: 4, running }
    expect(plan(scheduler, tight)).toMatchObject({ only: [0, 1], preempt: [2], repeats: 1 })
  })

  it('admits no more residents than it has tokens for', () => {
    const scene: Scene = {
      role: 'decode',
      running: [decoding(20)],
      waiting: [resident(20), resident(20), resident(20)],
    }
    expect(plan(scheduler, scene)).toMatchObject({ admit: [1], decodes: true, repeats: 1 })
  })
})

describe('the order of vllm-v1', () => {
  it('is that of admission, whether one decodes or has prompt left', () => {
    const scheduler = make(vllmV1, { maxBatchedTokens: 10 })
    const running = [decoding(20), { prompt: 100, kv: 50 }, decoding(21)]
    expect(plan(scheduler, { running, waiting: prompts(5) })).toMatchObject({
      only: [0],
      prefill: { 1: 9 },
      repeats: 1,
    })
    // Cut to a threshold it leaves tokens for those behind it.
    const extra = { long_prefill_token_threshold: 4 }
    const cut = make(vllmV1, { maxBatchedTokens: 10, extra })
    expect(plan(cut, { running, waiting: prompts(5) })).toMatchObject({
      decodes: true,
      prefill: { 1: 4, 3: 4 },
    })
  })

  it('leaves decodes out where a prompt before them takes all', () => {
    const scheduler = make(vllmV1, { maxBatchedTokens: 10 })
    const running = [{ prompt: 100, kv: 50 }, decoding(21)]
    const planned = plan(scheduler, { running })
    expect(planned).toMatchObject({ decodes: false, prefill: { 0: 10 } })
    expect(planned.only).toBeUndefined()
  })
})

describe('vllm-v0 with chunked prefill', () => {
  it('decodes first, then goes on with prompts, then admits in chunks', () => {
    const running = [{ prompt: 30, kv: 20 }, decoding(20)]
    expect(plan(chunkedV0(16), { running, waiting: prompts(9, 9) })).toMatchObject({
      decodes: true,
      prefill: { 0: 10, 2: 5 },
    })
  })

  it('admits above the watermark', () => {
    const scene = { totalBlocks: 8, running: [decoding(17)], waiting: prompts(65) }
    expect(plan(chunkedV0(512, 0.25), scene).prefill).toEqual({})
    expect(plan(chunkedV0(512), scene).prefill).toEqual({ 1: 65 })
  })

  it('is asked for by a yes or a no', () => {
    expect(() => make(vllmV0, { extra: { enable_chunked_prefill: 'yes' } })).toThrow(
      'scheduler.options.enable_chunked_prefill',
    )
  })
})

describe.each([
  ['vllm-v0', make(vllmV0)],
  ['vllm-v0 with chunks', chunkedV0(512)],
  ['sarathi', make(sarathi)],
])('%s', (_name, scheduler) => {
  it('wants a free block for each that decodes, needed or not', () => {
    const running = [decoding(16), decoding(17)]
    expect(plan(scheduler, { totalBlocks: 5, running }).preempt).toEqual([])
    // One is free, and the first takes it.
    expect(plan(scheduler, { totalBlocks: 4, running }).preempt).toEqual([1])
    // Where the last one takes it nobody asks any more.
    expect(plan(scheduler, { totalBlocks: 4, running: running.toReversed() }).preempt).toEqual([])
    expect(plan(scheduler, { totalBlocks: 2, running: [decoding(17)] }).preempt).toEqual([])
  })

  it('stands while one is left', () => {
    expect(plan(scheduler, { running: [decoding(16), decoding(20)] }).spare).toBe(1)
    expect(plan(scheduler, { running: [decoding(16)] }).spare).toBeUndefined()
  })
})

describe('equal progress of tensorrt-llm', () => {
  const equal = (maxBatchedTokens: number) =>
    make(tensorrtLlm, {
      maxBatchedTokens,
      extra: { enable_chunked_context: true, context_chunking_policy: 'equal-progress' },
    })

  it('lets all prompts go on by a block in turn, until the budget is gone', () => {
    const scene: Scene = { totalBlocks: 1000, waiting: prompts(100, 40, 100) }
    expect(plan(equal(112), scene).prefill).toEqual({ 0: 48, 1: 32, 2: 32 })
    // The second one's last chunk is of 8 tokens.
    expect(plan(equal(200), scene).prefill).toEqual({ 0: 80, 1: 40, 2: 80 })
    expect(plan(equal(240), scene).prefill).toEqual({ 0: 100, 1: 40, 2: 100 })
  })

  it('counts those that have begun, and leaves what decodes take', () => {
    const running = [decoding(20), { prompt: 100, kv: 32 }]
    const scene: Scene = { totalBlocks: 1000, running, waiting: prompts(100) }
    expect(plan(equal(50), scene)).toMatchObject({ decodes: true, prefill: { 1: 32, 2: 16 } })
    // What is left is less than a block, but enough for the end of a prompt.
    const ending: Scene = { totalBlocks: 1000, running, waiting: prompts(5) }
    expect(plan(equal(10), ending).prefill).toEqual({ 2: 5 })
  })

  it('does something where the budget is less than a block', () => {
    expect(plan(equal(9), { waiting: prompts(100, 100) }).prefill).toEqual({ 0: 9 })
  })

  it('is refused without chunks', () => {
    const extra = { context_chunking_policy: 'equal-progress' }
    expect(() => make(tensorrtLlm, { extra })).toThrow('context_chunking_policy')
  })
})

describe('dynamic chunk sizes of sarathi', () => {
  const schedule = {
    enable_dynamic_chunking_schedule: true,
    low_chunk_size: 64,
    high_chunk_size: 256,
    chunk_schedule_stages: 3,
    chunk_schedule_max_tokens: 3000,
  }
  const scheduler = make(sarathi, { extra: schedule })

  it('fall with the progress of a prompt, to multiples of 32', () => {
    const chunk = (kv: number) =>
      plan(scheduler, { totalBlocks: 9000, running: [{ prompt: 9000, kv }] }).prefill[0]
    expect([0, 999, 1000, 1999, 2000, 8000].map(chunk)).toEqual([256, 256, 160, 160, 64, 64])
  })

  it('bound the tokens of the step, those that decode among them', () => {
    const running = [decoding(20), { prompt: 9000, kv: 2500 }]
    const scene: Scene = { totalBlocks: 9000, running, waiting: prompts(500) }
    // 64 in all with a chunk of the one, 256 with the other.
    expect(plan(scheduler, scene).prefill).toEqual({ 1: 63, 2: 192 })
    const limited = make(sarathi, { maxBatchedTokens: 100, extra: schedule })
    expect(plan(limited, { ...scene, running: [] }).prefill).toEqual({ 0: 100 })
  })

  it.each(Object.keys(schedule).slice(1))('are refused without %s', (name) => {
    const { [name as keyof typeof schedule]: _gone, ...rest } = schedule
    try {
      make(sarathi, { extra: rest })
    } catch (error) {
      if (!isSimulatorError(error)) throw error
      expect(error).toMatchObject({ code: 'CONFLICT', path: `scheduler.options.${name}` })
      return
    }
    expect.fail('is accepted')
  })

  it('are refused where they rise', () => {
    expect(() => make(sarathi, { extra: { ...schedule, high_chunk_size: 32 } })).toThrow(
      'high_chunk_size',
    )
  })

  it('plan nothing where nobody is', () => {
    expect(plan(scheduler, {})).toEqual({ ...nothing, repeats: Infinity })
  })
})

describe('router_max_wait_tokens of lightllm', () => {
  it('lets so many decode steps pass after one with prompts', () => {
    const extra = { router_max_wait_tokens: 3, router_max_new_token_len: 50 }
    const scheduler = make(lightllm, { extra })
    const later = (generated: number): Scene => ({
      running: [{ prompt: 20, generated, kv: 19 + generated }],
      waiting: prompts(5),
    })
    expect(plan(scheduler, { waiting: prompts(20) }).prefill).toEqual({ 0: 20 })
    for (const [generated, repeats] of [
      [1, 3],
      [3, 1],
    ] as const)
      expect(plan(scheduler, later(generated))).toEqual({
        ...nothing,
        decodes: true,
        repeats,
        ignoresArrivals: true,
      })
    expect(plan(scheduler, later(4)).prefill).toEqual({ 1: 5 })
  })
})
