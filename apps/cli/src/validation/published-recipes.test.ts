import { expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import { measuredPoint } from '../testing/measured-points.js'
import { engineDefaults } from './engine-defaults.js'
import { trafficOf } from './point-traffic.js'

const registries = await loadRegistries({}, '.')
const usual = (hardware: string, cells: Record<string, string>) =>
  engineDefaults(measuredPoint(cells), registries.accelerators.get(hardware))
const nightly = 'measured 2026-04-20; InferenceMAX/InferenceX nightly'

it('runs as the scripts of the benchmark that the notes name', () => {
  const minimax = { model: 'minimax-m2.5', input_len: '8192', notes: nightly }
  expect(usual('b200-192gb', minimax)).toMatchObject({
    maxBatchedTokens: 16_384,
    capturedTokens: 2048,
    quantisedKv: 'fp8',
  })
  const older = { ...minimax, notes: nightly.replace('04-20', '03-11') }
  expect(usual('b200-192gb', older).capturedTokens).toBeUndefined()
  expect(usual('b200-192gb', { ...minimax, notes: '' }).maxBatchedTokens).toBe(8192)
})

it('lets prompts wait where the scripts do', () => {
  const llama = { model: 'llama3.1-70b', engine: 'trtllm', tp: '2', notes: nightly }
  const short = { ...llama, input_len: '1024', output_len: '1024' }
  const wait = { batch_wait_timeout_iters: 20, batch_wait_max_tokens_ratio: 0.9 }
  expect(usual('h200', short)).toMatchObject({ maxBatchedTokens: 16_384, schedulerOptions: wait })
  expect(usual('h200', { ...short, tp: '8' }).schedulerOptions).toBeUndefined()
  const groups = { ...short, model: 'deepseek-r1', tp: '1', dp: '8', ep: '8' }
  expect(usual('h200', groups).schedulerOptions).toMatchObject({ attention_dp_timeout_iters: 60 })
  const polling = { ...short, model: 'deepseek-r1', engine: 'sglang', weight_dtype: 'fp4', tp: '8' }
  expect(usual('b300-288gb', { ...polling, concurrency: '16' }).schedulerOptions).toMatchObject({
    scheduler_recv_interval: 30,
  })
})

it('polls and cuts prompts as the scripts for SGLang do, and takes its first token for the first', () => {
  const row = { engine: 'sglang', tp: '8', input_len: '8192', concurrency: '16', notes: nightly }
  const glm = { ...row, model: 'glm-5', weight_dtype: 'fp8', engine_version: 'nightly-dev' }
  expect(usual('b200-192gb', glm)).toMatchObject({ maxBatchedTokens: 32_768 })
  expect(usual('b200-192gb', glm).schedulerOptions).toEqual({ overlap_schedule: true })
  expect(usual('h200', glm).maxBatchedTokens).toBe(8192)
  expect(usual('h200', { ...glm, engine_version: 'glm5-hopper' }).expertsLaunchSeconds).toBe(0.003)
  const qwen = { ...row, model: 'qwen3.5-397b-a17b', weight_dtype: 'fp8', engine_version: '0.5.9' }
  const older = usual('b300-288gb', qwen)
  expect(older).toMatchObject({ schedulerOptions: { scheduler_recv_interval: 30 } })
  expect(older.firstChunkTokens).toBeUndefined()
  expect(older.drafts).toBeUndefined()
  const newer = usual('b300-288gb', { ...qwen, engine_version: '0.5.10.post1' })
  expect(newer.expertsLaunchSeconds).toBeUndefined()
  expect(newer).toMatchObject({
    maxBatchedTokens: 16_384,
    schedulerOptions: { scheduler_recv_interval: 10 },
  })
})

it('launches the experts of Triton as long as other engines do, on Hopper', () => {
  const row = { engine: 'trtllm', model: 'gpt-oss-120b', weight_dtype: 'fp4', notes: nightly }
  expect(usual('h200', row).expertsLaunchSeconds).toBe(0.0015)
  expect(usual('b200-192gb', row).expertsLaunchSeconds).toBeUndefined()
})

it('drafts where the scripts that draft ran, and counts the first chunk as they send it', () => {
  const row = {
    ...{ model: 'deepseek-r1', engine: 'trtllm', tp: '8', input_len: '1024', concurrency: '4' },
    ...{ weight_dtype: 'fp8', notes: `${nightly}; may use speculative (MTP) decoding` },
  }
  const drafting = usual('b200-192gb', { ...row, engine_version: '1.2.0rc6.post3' })
  expect(drafting).toMatchObject({ drafts: { tokens: 3 }, maxBatchedTokens: 1152 })
  expect(drafting.firstChunkTokens).toBeGreaterThan(20)
  const plain = usual('b200-192gb', { ...row, engine_version: '1.2.0rc6.post2' })
  expect(plain.drafts).toBeUndefined()
  expect(plain.firstChunkTokens).toBe(10)
})

it('gives a generated engine steps of the batch and one prompt, and newer clients lengths that vary', () => {
  const gap = { engine: 'trtllm', input_len: '1024', concurrency: '64', notes: 'gap-analysis run' }
  const older = usual('h100-80gb', { ...gap, engine_version: '1.0.0rc3' })
  expect(older).toMatchObject({ maxBatchedTokens: 1088, lengths: 'fixed' })
  const newer = usual('h100-80gb', { ...gap, engine: 'vllm', engine_version: '0.12.0' })
  expect(newer.lengths).toBe('varied')
  const sglang = (engine_version: string) =>
    usual('h100-80gb', { ...gap, engine: 'sglang', engine_version }).schedulerOptions
  expect(sglang('0.5.1.post1')).toEqual({ overlap_schedule: true })
  expect(sglang('0.5.6.post2')).toEqual({ overlap_schedule: true, enable_mixed_chunk: true })
  const drawn = (unstated: 'fixed' | 'varied'): number => {
    const request = {
      ...{ arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: -1, priority: 0 },
    }
    const lengths = new Set<number>()
    const { source } = trafficOf(measuredPoint({ ...gap, length_range_ratio: '' }), unstated)
    for (let index = 0; index < 50; index++) {
      source.next(request)
      lengths.add(request.promptTokens)
    }
    return lengths.size
  }
  expect(drawn('fixed')).toBe(1)
  expect(drawn('varied')).toBeGreaterThan(20)
})

it('plans a step ahead from the releases on that do', () => {
  const options = (engine: string, engine_version: string) =>
    usual('h100-80gb', { engine, engine_version, scenario: 'closed' }).schedulerOptions
  expect(options('vllm', '0.13.0')).toBeUndefined()
  expect(options('vllm', '0.14.0')).toEqual({ async_scheduling: true })
  expect(options('trtllm', '0.19.0')).toBeUndefined()
  expect(options('trtllm', '1.0')).toEqual({ overlap_scheduler: true })
})
