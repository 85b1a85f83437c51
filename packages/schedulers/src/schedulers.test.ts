import type { Scheduler, SchedulerOptions } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import {
  greedy,
  lightllm,
  orca,
  ordered,
  sarathi,
  schedulers,
  sglang,
  staticBatching,
  staticWindowed,
  tensorrtLlm,
  vllmV0,
  vllmV1,
  windowed,
} from './index.js'
import {
  decoding,
  resident,
  preempted,
  plan,
  nothing,
  make,
  prompts,
  type Request,
  type Scene,
  type Planned,
} from './testing/scene.js'

describe('greedy', () => {
  it('plans nothing where there is nothing', () => {
    expect(plan(make(greedy), {})).toEqual(nothing)
  })

  it('prefills all that wait, whole prompts in one step, and decodes nobody in it', () => {
    const planned = plan(make(greedy), { running: [decoding(20)], waiting: prompts(30, 5, 100) })
    expect(planned).toEqual({ ...nothing, prefill: { 1: 30, 2: 5, 3: 100 } })
  })

  it('computes a preempted request anew: its prompt and the tokens that it had', () => {
    const planned = plan(make(greedy), { waiting: [preempted(30, 7), { prompt: 5 }] })
    expect(planned.prefill).toEqual({ 0: 37, 1: 5 })
  })

  it('stops at the batch size, running requests included', () => {
    const scheduler = make(greedy, { maxBatchSize: 3 })
    const running = [decoding(20), decoding(21)]
    expect(plan(scheduler, { running, waiting: prompts(8, 8) }).prefill).toEqual({ 2: 8 })
    expect(plan(scheduler, { waiting: prompts(8, 8, 8, 8) }).prefill).toEqual({ 0: 8, 1: 8, 2: 8 })
  })

  it('stops at the token budget, but prefills a longer prompt alone', () => {
    const scheduler = make(greedy, { maxBatchedTokens: 50 })
    expect(plan(scheduler, { waiting: prompts(30, 20, 1) }).prefill).toEqual({ 0: 30, 1: 20 })
    expect(plan(scheduler, { waiting: prompts(30, 21, 1) }).prefill).toEqual({ 0: 30 })
    expect(plan(scheduler, { waiting: prompts(51, 1) }).prefill).toEqual({ 0: 51 })
  })

  it('stops at the first prompt that finds no blocks: nobody overtakes it', () => {
    const scene = { totalBlocks: 5, waiting: prompts(32, 64, 1) }
    expect(plan(make(greedy), scene).prefill).toEqual({ 0: 32 })
  })

  it('leaves the watermark free, but not when it is idle', () => {
    const scheduler = make(greedy, { watermark: 0.25 })
    const busy = { totalBlocks: 8, running: [decoding(17)], waiting: prompts(64, 16) }
    // 6 of 8 are free, and 2 of them stay so.
    expect(plan(scheduler, busy).prefill).toEqual({ 1: 64 })
    expect(plan(scheduler, { ...busy, waiting: prompts(65) }).prefill).toEqual({})
    expect(plan(scheduler, { totalBlocks: 8, waiting: prompts(128) }).prefill).toEqual({ 0: 128 })
  })

  it('decodes for as long as nothing changes', () => {
    const running = [decoding(20), decoding(40)]
    expect(plan(make(greedy), { running })).toEqual({
      ...nothing,
      decodes: true,
      repeats: Infinity,
    })
  })

  it('need not hear of arrivals when the batch is full, or somebody waits who does not fit', () => {
    const running = [decoding(20), decoding(40)]
    expect(plan(make(greedy, { maxBatchSize: 2 }), { running }).ignoresArrivals).toBe(true)
    const short = { running, totalBlocks: 6, waiting: prompts(32) }
    expect(plan(make(greedy), short)).toMatchObject({ decodes: true, ignoresArrivals: true })
  })

  it('preempts those admitted last, as many as the next tokens need', () => {
    // Three of full blocks want one each, and none is free: the last gives 2, the one before it 1.
    const running = [decoding(32), decoding(32), decoding(16), decoding(20)]
    expect(plan(make(greedy), { running, totalBlocks: 7 })).toEqual({
      ...nothing,
      preempt: [3, 2],
      decodes: true,
      repeats: 1,
      ignoresArrivals: false,
    })
    const tight = [decoding(16), decoding(16), decoding(16)]
    expect(plan(make(greedy), { running: tight, totalBlocks: 3 }).preempt).toEqual([2, 1])
    expect(plan(make(greedy), { running: tight, totalBlocks: 4 }).preempt).toEqual([2])
    expect(plan(make(greedy), { running: tight, totalBlocks: 6 }).preempt).toEqual([])
  })

  it('decodes between any two prefills when decoding goes first', () => {
    const scheduler = make(greedy, { phaseOrder: 'decode-first' })
    const waiting = prompts(8)
    expect(plan(scheduler, { waiting }).prefill).toEqual({ 0: 8 })
    const both = { running: [decoding(8)], waiting }
    // One step, since somebody waits; then the next prompt.
    expect(plan(scheduler, both)).toEqual({ ...nothing, decodes: true })
    expect(plan(scheduler, both).prefill).toEqual({ 1: 8 })
    expect(plan(scheduler, { running: [decoding(8), decoding(9)] })).toMatchObject({
      decodes: true,
      repeats: Infinity,
    })
  })
})

describe('greedy on a decode replica', () => {
  const role = 'decode'

  it('admits those whose KV cache is there, and decodes at once', () => {
    const scene: Scene = { role, running: [decoding(20)], waiting: [resident(40), resident(50)] }
    expect(plan(make(greedy), scene)).toMatchObject({
      admit: [1, 2],
      prefill: {},
      decodes: true,
      repeats: Infinity,
    })
  })

  it('admits them beside a preempted request that has no room', () => {
    const scene: Scene = { role, totalBlocks: 6, waiting: [preempted(90, 9), resident(20)] }
    expect(plan(make(greedy), scene)).toMatchObject({ admit: [1], prefill: {}, decodes: true })
  })

  it('recomputes a preempted one when it has room', () => {
    const scene: Scene = { role, running: [decoding(20)], waiting: [preempted(30, 9)] }
    expect(plan(make(greedy), scene)).toMatchObject({ prefill: { 1: 39 }, decodes: false })
  })

  it('stops at the batch size and where a next token finds no block', () => {
    const scene: Scene = { role, waiting: [resident(20), resident(20), resident(20)] }
    expect(plan(make(greedy, { maxBatchSize: 2 }), scene).admit).toEqual([0, 1])
    const full: Scene = { role, totalBlocks: 3, waiting: [resident(16), resident(32)] }
    expect(plan(make(greedy), full).admit).toEqual([])
    const oneFree: Scene = { role, totalBlocks: 4, waiting: [resident(16), resident(32)] }
    expect(plan(make(greedy), oneFree).admit).toEqual([0])
  })
})

describe('windowed', () => {
  const options = { minBatchSize: 3, batchingWindowSeconds: 0.5 }
  const waiting: Request[] = [
    { prompt: 8, queued: 2 },
    { prompt: 9, queued: 2.25 },
  ]

  it('waits for its batch to fill, and says until when', () => {
    const planned = plan(make(windowed, options), { now: 2.25, waiting })
    expect(planned).toEqual({ ...nothing, review: 2.5 })
  })

  it('goes on decoding meanwhile', () => {
    const planned = plan(make(windowed, options), { now: 2.25, waiting, running: [decoding(20)] })
    expect(planned).toEqual({ ...nothing, decodes: true, repeats: Infinity, review: 2.5 })
  })

  it.each([
    ['as many wait as it wants', { now: 2.25, waiting: [...waiting, { prompt: 7, queued: 2.25 }] }],
    ['the oldest has waited as long as it may', { now: 2.5, waiting }],
    [
      'a preempted request stands first',
      { now: 2, waiting: [preempted(8, 4), ...waiting.slice(1)] },
    ],
  ])('prefills when %s', (_when, scene: Scene) => {
    const { prefill, review } = plan(make(windowed, options), scene)
    expect(Object.keys(prefill)).toHaveLength(scene.waiting!.length)
    expect(review).toBe(Infinity)
  })

  it('does not wait with a window of 0 or a batch of 1', () => {
    const scene = { now: 2.25, waiting }
    const empty = { ...options, batchingWindowSeconds: 0 }
    expect(plan(make(windowed, empty), scene).prefill).toEqual({ 0: 8, 1: 9 })
    expect(plan(make(windowed, { ...options, minBatchSize: 1 }), scene).prefill).toEqual({
      0: 8,
      1: 9,
    })
  })
})

describe('static', () => {
  it('forms a batch when it is idle, and runs it to its end', () => {
    const scheduler = make(staticBatching, { maxBatchSize: 8 })
    expect(plan(scheduler, { waiting: prompts(8, 9) }).prefill).toEqual({ 0: 8, 1: 9 })
    const running = [decoding(8), decoding(9)]
    const late = [{ prompt: 8, queued: 1 }]
    expect(plan(scheduler, { now: 2, running, waiting: late })).toEqual({
      ...nothing,
      decodes: true,
      repeats: Infinity,
      ignoresArrivals: true,
    })
    expect(plan(scheduler, { waiting: prompts(8) }).prefill).toEqual({ 0: 8 })
  })

  it('prefills in several steps a batch that is too long for one, but nobody who came meanwhile', () => {
    const scheduler = make(staticBatching, { maxBatchedTokens: 20 })
    expect(plan(scheduler, { waiting: prompts(12, 8, 9, 10) }).prefill).toEqual({ 0: 12, 1: 8 })
    const running = [decoding(12), decoding(8)]
    const waiting = [...prompts(9, 10), { prompt: 1, queued: 1 }]
    expect(plan(scheduler, { now: 2, running, waiting }).prefill).toEqual({ 2: 9, 3: 10 })
    const all = [...running, decoding(9), decoding(10)]
    const late = [{ prompt: 1, queued: 1 }]
    const decodes = { ...nothing, decodes: true, repeats: Infinity, ignoresArrivals: true }
    expect(plan(scheduler, { now: 3, running: all, waiting: late })).toEqual(decodes)
    // Once it has decoded it takes in nobody, whenever they came.
    expect(plan(scheduler, { now: 4, running: all, waiting: prompts(1) })).toEqual(decodes)
  })

  it('hears of arrivals while it is idle', () => {
    expect(plan(make(staticBatching), {}).ignoresArrivals).toBe(false)
  })
})

describe('static-windowed', () => {
  const scheduler = make(staticWindowed, { minBatchSize: 2, batchingWindowSeconds: 0.5 })
  const waiting: Request[] = [{ prompt: 8, queued: 1 }]

  it('waits for its batch to fill only when it is idle', () => {
    expect(plan(scheduler, { now: 1.25, waiting })).toEqual({ ...nothing, review: 1.5 })
    expect(plan(scheduler, { now: 1.5, waiting }).prefill).toEqual({ 0: 8 })
    const late = [{ prompt: 8, queued: 2 }]
    expect(plan(scheduler, { now: 9, waiting: late, running: [decoding(8)] })).toMatchObject({
      decodes: true,
      prefill: {},
      review: Infinity,
      ignoresArrivals: true,
    })
  })
})

describe('vllm-v1', () => {
  const budget = { maxBatchedTokens: 20 }

  it('gives each decoding request a token, and prompts what is left of the budget', () => {
    const scene = { running: [decoding(20), decoding(21)], waiting: prompts(10, 30, 5) }
    expect(plan(make(vllmV1, budget), scene)).toMatchObject({
      decodes: true,
      prefill: { 2: 10, 3: 8 },
      repeats: 1,
    })
  })

  it('goes on with a prompt that it has begun before it admits another', () => {
    const begun: Request = { prompt: 40, kv: 18 }
    const scene = { running: [decoding(20), begun], waiting: prompts(5) }
    expect(plan(make(vllmV1, budget), scene).prefill).toEqual({ 1: 19 })
    const ending = { running: [decoding(20), { prompt: 40, kv: 30 }], waiting: prompts(5, 9) }
    expect(plan(make(vllmV1, budget), ending).prefill).toEqual({ 1: 10, 2: 5, 3: 4 })
  })

  it('admits a prompt only when there is room for all of it', () => {
    const scene = { totalBlocks: 4, running: [decoding(20)], waiting: prompts(48, 1) }
    expect(plan(make(vllmV1, budget), scene)).toMatchObject({ prefill: {}, decodes: true })
    expect(plan(make(vllmV1, budget), { ...scene, totalBlocks: 5 }).prefill).toEqual({ 1: 19 })
  })

  it('cuts chunks to the threshold that it is given', () => {
    const extra = { long_prefill_token_threshold: 6 }
    const scene = { waiting: prompts(10, 10) }
    expect(plan(make(vllmV1, { ...budget, extra }), scene).prefill).toEqual({ 0: 6, 1: 6 })
    for (const given of [-1, 0.5, '6', NaN])
      expect(() => make(vllmV1, { extra: { long_prefill_token_threshold: given } })).toThrow(
        'scheduler.options.long_prefill_token_threshold',
      )
  })

  it('preempts the last where a decoding request finds no block, and admits nobody then', () => {
    const scene = {
      totalBlocks: 3,
      running: [decoding(16), decoding(16), decoding(10)],
      waiting: prompts(1),
    }
    expect(plan(make(vllmV1, budget), scene)).toMatchObject({
      preempt: [2, 1],
      prefill: {},
      decodes: true,
      repeats: 1,
    })
  })

  it('looks again after it has admitted residents, for which it kept a block each', () => {
    const scene: Scene = {
      role: 'decode',
      totalBlocks: 7,
      waiting: [preempted(40, 4), resident(20), resident(20)],
    }
    // 3 blocks are free, and 3 are needed; 2 are kept for the residents, which need none.
    expect(plan(make(vllmV1, budget), scene)).toMatchObject({
      admit: [1, 2],
      prefill: {},
      repeats: 1,
    })
  })
})

describe('vllm-v0', () => {
  it('prefills first whatever the order, up to the budget and above the watermark', () => {
    const scheduler = make(vllmV0, { phaseOrder: 'decode-first', maxBatchedTokens: 50 })
    expect(plan(scheduler, { waiting: prompts(30) }).prefill).toEqual({ 0: 30 })
    const scene = { running: [decoding(30)], waiting: prompts(30, 20, 1) }
    expect(plan(scheduler, scene)).toEqual({ ...nothing, prefill: { 1: 30, 2: 20 } })
    const tight = { totalBlocks: 8, running: [decoding(17)], waiting: prompts(65) }
    expect(plan(make(vllmV0, { watermark: 0.25 }), tight)).toMatchObject({
      prefill: {},
      decodes: true,
    })
  })
})

describe('sarathi', () => {
  const chunks = (size: number, options: Partial<SchedulerOptions> = {}): Scheduler =>
    make(sarathi, { extra: { chunk_size: size }, ...options })

  it('counts decodes against the chunk size, and cuts the prompt that goes beyond', () => {
    const scene = { running: [decoding(20), decoding(21)], waiting: prompts(10, 30, 5) }
    expect(plan(chunks(20), scene)).toMatchObject({ decodes: true, prefill: { 2: 10, 3: 8 } })
    expect(plan(chunks(20, { maxBatchedTokens: 5 }), scene).prefill).toEqual({ 2: 3 })
    expect(plan(make(sarathi), { waiting: prompts(1000) }).prefill).toEqual({ 0: 512 })
  })

  it('decodes alone when that takes the whole chunk', () => {
    const scene = { running: [decoding(20), decoding(21)], waiting: prompts(10) }
    expect(plan(chunks(2), scene)).toEqual({
      ...nothing,
      decodes: true,
      repeats: Infinity,
      spare: 1,
      ignoresArrivals: true,
    })
  })

  it('admits above the watermark only, unless it is idle', () => {
    const options = { watermark: 0.25 }
    const scene = { totalBlocks: 8, running: [decoding(17)], waiting: prompts(65) }
    expect(plan(chunks(20, options), scene).prefill).toEqual({})
    const idle = { totalBlocks: 8, waiting: prompts(128) }
    expect(plan(chunks(20, options), idle).prefill).toEqual({ 0: 20 })
  })

  it.each([0, 1.5, '512', null])('refuses the chunk size %s', (chunkSize) => {
    expect(() => make(sarathi, { extra: { chunk_size: chunkSize } })).toThrow(
      'scheduler.options.chunk_size',
    )
  })
})

describe.each([
  ['orca', orca],
  ['tensorrt-llm', tensorrtLlm],
])('%s', (_name, factory) => {
  // 16 tokens of prompt and 32 of output are 3 blocks.
  const reserving = make(factory, { extra: { max_output_tokens: 32 } })

  it('mixes whole prompts with decodes', () => {
    const scene = { running: [decoding(20)], waiting: prompts(30, 40) }
    expect(plan(reserving, scene)).toMatchObject({
      decodes: true,
      prefill: { 1: 30, 2: 40 },
      repeats: 1,
    })
  })

  it('admits where there is room for the longest output of all, theirs included', () => {
    const waiting = prompts(16, 16, 16)
    expect(plan(reserving, { totalBlocks: 9, waiting }).prefill).toEqual({ 0: 16, 1: 16, 2: 16 })
    expect(plan(reserving, { totalBlocks: 8, waiting }).prefill).toEqual({ 0: 16, 1: 16 })
    // It holds 2 blocks of the 3 that it may come to need; the prompt of 16 was as long as that.
    const running = [{ prompt: 16, generated: 9, kv: 24 }]
    expect(plan(reserving, { totalBlocks: 6, running, waiting }).prefill).toEqual({ 1: 16 })
    expect(plan(reserving, { totalBlocks: 5, running, waiting })).toEqual({
      ...nothing,
      decodes: true,
      repeats: Infinity,
      ignoresArrivals: true,
    })
  })

  it('lets a request have an idle replica for itself, and a prefill replica reserve nothing', () => {
    const waiting = prompts(16, 16)
    expect(plan(reserving, { totalBlocks: 2, waiting }).prefill).toEqual({ 0: 16 })
    const prefill: Scene = { role: 'prefill', totalBlocks: 2, waiting }
    expect(plan(reserving, prefill).prefill).toEqual({ 0: 16, 1: 16 })
  })

  it('preempts the last for outputs longer than it reserved for', () => {
    const running = [decoding(16), decoding(16)]
    expect(plan(reserving, { totalBlocks: 2, running })).toMatchObject({
      preempt: [1],
      decodes: true,
      repeats: 1,
    })
  })
})

describe('tensorrt-llm', () => {
  const options = (extra: Record<string, unknown>): Partial<SchedulerOptions> => ({
    maxBatchedTokens: 40,
    extra,
  })

  it('has a prompt wait until it fits beside the decodes, or is alone', () => {
    const running = [decoding(20), decoding(21)]
    const scheduler = make(tensorrtLlm, options({}))
    const scene = { totalBlocks: 1000, running, waiting: prompts(30, 9) }
    expect(plan(scheduler, scene).prefill).toEqual({ 2: 30 })
    expect(plan(scheduler, { ...scene, waiting: prompts(50) }).prefill).toEqual({})
    expect(plan(scheduler, { totalBlocks: 1000, waiting: prompts(50, 1) }).prefill).toEqual({
      0: 50,
    })
  })

  it('cuts prompts at whole blocks where contexts are chunked', () => {
    const scheduler = make(tensorrtLlm, options({ enable_chunked_context: true }))
    const scene = { totalBlocks: 1000, running: [decoding(20)], waiting: prompts(100) }
    expect(plan(scheduler, scene).prefill).toEqual({ 1: 32 })
    const ending = { totalBlocks: 1000, running: [decoding(20), { prompt: 100, kv: 64 }] }
    expect(plan(scheduler, ending).prefill).toEqual({ 1: 36 })
    const small = make(tensorrtLlm, {
      ...options({ enable_chunked_context: true }),
      maxBatchedTokens: 9,
    })
    expect(plan(small, { waiting: prompts(100) }).prefill).toEqual({ 0: 9 })
  })

  it('fills the memory by max-utilization', () => {
    const scheduler = make(tensorrtLlm, options({ capacity_scheduler_policy: 'max-utilization' }))
    const scene = { totalBlocks: 4, running: [decoding(20)], waiting: prompts(16, 16, 1) }
    expect(plan(scheduler, scene).prefill).toEqual({ 1: 16, 2: 16 })
  })

  it('lets prompts gather for some steps, or until there are enough of them', () => {
    const waits = { batch_wait_timeout_iters: 5, batch_wait_max_tokens_ratio: 0.5 }
    const scheduler = make(tensorrtLlm, options(waits))
    const at = (generated: number, ...waiting: number[]): Planned =>
      plan(scheduler, {
        totalBlocks: 1000,
        running: [{ prompt: 9, generated, kv: 8 + generated }],
        waiting: prompts(...waiting),
      })
    expect(plan(scheduler, { totalBlocks: 1000, waiting: prompts(9) }).prefill).toEqual({ 0: 9 })
    expect(at(3)).toMatchObject({ prefill: {}, repeats: Infinity, ignoresArrivals: false })
    expect(at(7, 4)).toMatchObject({ prefill: {}, repeats: 5, ignoresArrivals: false })
    expect(at(10, 4, 6)).toMatchObject({ prefill: {}, repeats: 2 })
    expect(at(12, 4, 6).prefill).toEqual({ 1: 4, 2: 6 })
    expect(at(13, 4)).toMatchObject({ prefill: {}, repeats: 5 })
    expect(at(14, 4, 15).prefill).toEqual({ 1: 4, 2: 15 })
  })

  it('takes prompts once in a cycle with attention data parallelism', () => {
    const scheduler = make(tensorrtLlm, options({ attention_dp_timeout_iters: 10 }))
    const at = (generated: number): Planned =>
      plan(scheduler, {
        totalBlocks: 1000,
        running: [{ prompt: 9, generated, kv: 8 + generated }],
        waiting: prompts(4),
      })
    expect(plan(scheduler, { totalBlocks: 1000, waiting: prompts(9) }).prefill).toEqual({ 0: 9 })
    expect(at(4)).toMatchObject({ prefill: {}, repeats: 6, ignoresArrivals: true })
    expect(at(10).prefill).toEqual({ 1: 4 })
    expect(at(19)).toMatchObject({ prefill: {}, repeats: 1 })
  })

  it.each([
    ['capacity_scheduler_policy', 'max_utilisation'],
    ['batch_wait_timeout_iters', -1],
    ['batch_wait_max_tokens_ratio', 2],
    ['attention_dp_timeout_iters', 0],
    ['enable_chunked_context', 'yes'],
    ['max_output_tokens', 0],
  ])('refuses the %s %s', (name, given) => {
    expect(() => make(tensorrtLlm, options({ [name]: given }))).toThrow(`scheduler.options.${name}`)
  })
})

describe('sglang', () => {
  const withOptions = (extra: Record<string, unknown>, maxBatchSize = 256): Scheduler =>
    make(sglang, { maxBatchSize, extra: { chunked_prefill_size: 50, ...extra } })
  const few = { max_output_tokens: 32, init_new_token_ratio: 0.5 }

  it('prefills first, up to the chunk size, and goes on with the prompt that it cut', () => {
    const scheduler = withOptions(few)
    const scene = { running: [], waiting: prompts(30, 40, 5) }
    expect(plan(scheduler, scene)).toEqual({ ...nothing, prefill: { 0: 30, 1: 20 } })
    const next = { running: [decoding(30), { prompt: 40, kv: 20 }], waiting: prompts(5) }
    expect(plan(scheduler, next)).toEqual({ ...nothing, prefill: { 1: 20, 2: 5 } })
  })

  it('looks at the queue once in some steps', () => {
    const scheduler = withOptions({ ...few, scheduler_recv_interval: 4 })
    const at = (generated: number): Planned =>
      plan(scheduler, {
        running: [{ prompt: 9, generated, kv: 8 + generated }],
        waiting: prompts(4),
      })
    expect(plan(scheduler, { waiting: prompts(9) }).prefill).toEqual({ 0: 9 })
    expect(at(1)).toMatchObject({ decodes: true, repeats: 3, ignoresArrivals: true })
    expect(at(3)).toMatchObject({ decodes: true, repeats: 1 })
    expect(at(4)).toMatchObject({ decodes: false, prefill: { 1: 4 } })
  })

  it('decodes beside prompts with mixed chunks', () => {
    const scheduler = withOptions({ ...few, enable_mixed_chunk: true })
    const scene = { running: [decoding(20)], waiting: prompts(30, 40) }
    expect(plan(scheduler, scene)).toMatchObject({ decodes: true, prefill: { 1: 30, 2: 19 } })
    // No block is left for the next token of the one that runs: the prompt goes first, alone.
    const tight = { totalBlocks: 4, running: [{ prompt: 16, kv: 16 }], waiting: prompts(48) }
    expect(plan(scheduler, tight)).toMatchObject({ decodes: false, prefill: { 1: 48 } })
  })

  it('admits beside a share of the outputs to come, and then nobody until a request ends', () => {
    const scheduler = withOptions(few)
    expect(plan(scheduler, { waiting: prompts(16) }).prefill).toEqual({ 0: 16 })
    // 48 tokens are free, and half of 31 are expected yet; the newcomer asks for 16 and 32.
    const running = [{ prompt: 16, generated: 1, kv: 16 }]
    const waiting = prompts(16)
    const full = { ...nothing, decodes: true, repeats: Infinity, ignoresArrivals: true }
    expect(plan(scheduler, { totalBlocks: 4, running, waiting })).toEqual(full)
    expect(plan(scheduler, { totalBlocks: 100, running, waiting })).toEqual(full)
    expect(plan(scheduler, { totalBlocks: 100, waiting }).prefill).toEqual({ 0: 16 })
  })

  it('expects less with each decode step, down to the least', () => {
    const decaying = { ...few, min_new_token_ratio_factor: 0, new_token_ratio_decay_steps: 10 }
    // 4 blocks are free, 64 tokens; 48 are asked for, so that fewer than 16 may be expected.
    const after = (generated: number, extra: Record<string, unknown>) => {
      const scheduler = withOptions({ ...decaying, ...extra })
      plan(scheduler, { waiting: prompts(6) })
      const running = [{ prompt: 6, generated, kv: 5 + generated }]
      return plan(scheduler, { totalBlocks: 5, running, waiting: prompts(16) }).prefill
    }
    // The first token comes with the prompt, so that 1 generated are 0 steps: half of 31 are 15.5.
    expect(after(1, {})).toEqual({ 1: 16 })
    expect(after(1, { init_new_token_ratio: 0.6 })).toEqual({})
    // A step later it is 0.54 of 30: 16.2. Then 0.48 of 29.
    expect(after(2, { init_new_token_ratio: 0.6 })).toEqual({})
    expect(after(3, { init_new_token_ratio: 0.6 })).toEqual({ 1: 16 })
    const lasting = { init_new_token_ratio: 0.6, min_new_token_ratio_factor: 1 }
    expect(after(3, lasting)).toEqual({})
  })

  it('retracts those with the fewest tokens until the others have room for some steps', () => {
    const running = [
      { prompt: 10, generated: 7, kv: 16 },
      { prompt: 30, generated: 3, kv: 32 },
      { prompt: 15, generated: 2, kv: 16 },
      { prompt: 47, generated: 2, kv: 48 },
    ]
    const scheduler = withOptions({ ...few, retract_decode_steps: 16 })
    // The longest prompt of the fewest tokens goes first: 3 blocks for 3 more of 16 steps each.
    expect(plan(scheduler, { totalBlocks: 7, running })).toEqual({
      ...nothing,
      preempt: [3],
      decodes: true,
    })
    const eager = withOptions({ ...few, retract_decode_steps: 20 })
    expect(plan(eager, { totalBlocks: 7, running }).preempt).toEqual([3, 2])
  })

  it('stops at the batch size', () => {
    const scheduler = withOptions(few, 2)
    expect(plan(scheduler, { waiting: prompts(8, 8, 8) }).prefill).toEqual({ 0: 8, 1: 8 })
    const scene = { running: [decoding(8), decoding(8)], waiting: prompts(8) }
    expect(plan(scheduler, scene)).toMatchObject({ decodes: true, ignoresArrivals: true })
  })

  it('admits transferred caches on a decode replica', () => {
    const scene: Scene = { role: 'decode', running: [], waiting: [resident(20), resident(30)] }
    expect(plan(withOptions(few), scene)).toMatchObject({
      admit: [0, 1],
      decodes: true,
      repeats: Infinity,
      ignoresArrivals: false,
    })
  })

  it.each([
    ['init_new_token_ratio', 1.5],
    ['chunked_prefill_size', -1],
    ['new_token_ratio_decay_steps', 0],
  ])('refuses the %s %s', (name, given) => {
    expect(() => withOptions({ [name]: given })).toThrow(`scheduler.options.${name}`)
  })
})

describe('lightllm', () => {
  const estimating = (extra: Record<string, unknown>): Scheduler => make(lightllm, { extra })
  const ten = { max_output_tokens: 10, router_token_ratio: 1 }

  it('admits where the peak of all stays below the memory', () => {
    // Each has 17 tokens and will have 9 more: 2 x 26 tokens of 4 blocks, 3 x 26 of 5.
    const waiting = prompts(16, 16, 16)
    expect(plan(estimating(ten), { totalBlocks: 4, waiting }).prefill).toEqual({ 0: 16, 1: 16 })
    const five = { totalBlocks: 5, waiting }
    expect(plan(estimating(ten), five).prefill).toEqual({ 0: 16, 1: 16, 2: 16 })
  })

  it('knows that those that end sooner make room, and when to look again', () => {
    // One has 29 tokens and none to come: it is gone before the other has its 26.
    const running = [{ prompt: 19, generated: 9, kv: 27 }]
    const waiting = prompts(16)
    expect(plan(estimating(ten), { totalBlocks: 3, running, waiting }).prefill).toEqual({ 1: 16 })
    // This one has 5 more to come: 24 and 5, and 17 and 5 of the newcomer, are 51 of 48 tokens.
    const younger = [{ prompt: 19, generated: 4, kv: 22 }]
    expect(plan(estimating(ten), { totalBlocks: 3, running: younger, waiting })).toEqual({
      ...nothing,
      decodes: true,
      repeats: 4,
      ignoresArrivals: true,
    })
  })

  it('expects the longest output while it is busy, and the usual one while it is not', () => {
    const running = [decoding(20)]
    const scene = { totalBlocks: 8, running, waiting: prompts(16) }
    const extra = { max_output_tokens: 100, router_max_new_token_len: 10 }
    expect(plan(estimating({ ...extra, router_token_ratio: 0.3 }), scene).prefill).toEqual({
      1: 16,
    })
    expect(plan(estimating({ ...extra, router_token_ratio: 0.25 }), scene).prefill).toEqual({})
  })

  it('takes in what fits when it is idle, and on a prefill replica whatever fits', () => {
    const extra = { max_output_tokens: 100 }
    expect(plan(estimating(extra), { totalBlocks: 1, waiting: prompts(16) }).prefill).toEqual({
      0: 16,
    })
    const scene: Scene = { role: 'prefill', totalBlocks: 3, waiting: prompts(16, 16) }
    expect(plan(estimating(extra), scene).prefill).toEqual({ 0: 16, 1: 16 })
  })

  it('refuses a share above 1', () => {
    expect(() => estimating({ router_token_ratio: 2 })).toThrow(
      'scheduler.options.router_token_ratio',
    )
  })
})

describe('the order of the queue', () => {
  const waiting: Request[] = [
    { prompt: 30, queued: 1 },
    { prompt: 20, queued: 2, priority: 1 },
    { prompt: 10, queued: 3 },
    { prompt: 10, queued: 4, priority: 1 },
  ]
  const first = (order: string, scene: Scene, options: Partial<SchedulerOptions> = {}): Planned =>
    plan(make(ordered(greedy), { maxBatchSize: 2, extra: { order }, ...options }), scene)

  it.each([
    ['fcfs', { 0: 30, 1: 20 }],
    ['priority', { 1: 20, 3: 10 }],
    ['shortest-prompt-first', { 2: 10, 3: 10 }],
  ])('is %s', (order, prefill) => {
    expect(first(order, { waiting }).prefill).toEqual(prefill)
  })

  it('has preempted requests before shorter prompts', () => {
    const scene = { waiting: [preempted(50, 3), ...waiting] }
    expect(first('shortest-prompt-first', scene).prefill).toEqual({ 0: 53, 3: 10 })
  })

  it('hears of newcomers that may go first, where arrival order need not', () => {
    const scene = { totalBlocks: 2, running: [decoding(20)], waiting: prompts(16) }
    const options = { maxBatchSize: 8 }
    expect(first('fcfs', scene, options).ignoresArrivals).toBe(true)
    expect(first('priority', scene, options).ignoresArrivals).toBe(false)
  })

  it('leaves a window to the request that has waited longest', () => {
    const scheduler = make(ordered(windowed), {
      minBatchSize: 5,
      batchingWindowSeconds: 0.5,
      extra: { order: 'shortest-prompt-first' },
    })
    expect(plan(scheduler, { now: 1.25, waiting }).review).toBe(1.5)
  })

  it('refuses an order that it does not know', () => {
    expect(() => first('longest', { waiting })).toThrow('scheduler.options.order')
  })
})

describe('schedulers', () => {
  it('are listed by the name that their schedulers have', () => {
    for (const factory of schedulers) {
      expect(make(factory).name).toBe(factory.name)
      expect(factory.description).not.toBe('')
    }
    expect(new Set(schedulers.map(({ name }) => name)).size).toBe(schedulers.length)
  })
})
