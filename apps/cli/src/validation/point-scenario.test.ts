import type { RequestDraft, RequestSource } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import { expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import { measuredPoint } from '../testing/measured-points.js'
import { engineDefaults } from './engine-defaults.js'
import { pointErrors } from './point-errors.js'
import { pointEngine, pointScenario } from './point-scenario.js'
import { trafficOf } from './point-traffic.js'

const registries = await loadRegistries({}, '.')
const specOf = (cells: Record<string, string>) =>
  pointScenario(measuredPoint(cells), 'roofline', registries)

function drawn(source: RequestSource, count: number): RequestDraft[] {
  return Array.from({ length: count }, () => {
    const draft = {
      arrivalSeconds: 0,
      promptTokens: 0,
      outputTokens: 0,
      sessionId: -1,
      priority: 0,
    }
    source.next(draft)
    return draft
  })
}

it('starts a static batch together and all of an offline run at 0', () => {
  const batch = specOf({ scenario: 'static', batch: '6' }).spec
  expect(batch).toMatchObject({ maxRequests: 6, durationSeconds: Infinity })
  expect(batch.concurrency).toBeUndefined()
  const offline = specOf({ scenario: 'offline', num_requests: '20' }).spec
  expect(offline.maxRequests).toBe(20)
  expect(drawn(offline.source, 3).map((each) => each.arrivalSeconds)).toEqual([0, 0, 0])
})

it('holds users in a closed loop and draws Poisson arrivals in an open one', () => {
  expect(specOf({ concurrency: '4', num_requests: '8' }).spec).toMatchObject({
    concurrency: 4,
    maxRequests: 8,
  })
  const open = trafficOf(measuredPoint({ scenario: 'open', request_rate: '10' }))
  const arrivals = drawn(open.source, 2000).map((each) => each.arrivalSeconds)
  expect(2000 / (arrivals.at(-1) ?? 0)).toBeGreaterThan(9)
  expect(2000 / (arrivals.at(-1) ?? 0)).toBeLessThan(11)
})

it('draws lengths between a share of the nominal one and all of it', () => {
  const { source } = trafficOf(measuredPoint({ input_len: '100', length_range_ratio: '0.8' }))
  const prompts = drawn(source, 5000).map((each) => each.promptTokens)
  expect(Math.min(...prompts)).toBe(80)
  expect(Math.max(...prompts)).toBe(100)
  expect(prompts.reduce((total, tokens) => total + tokens, 0) / 5000).toBeCloseTo(90, 0)
})

it('takes the limits that were stated, or those of the engine', () => {
  const accelerator = registries.accelerators.get('h100-80gb')
  const usual = (cells: Record<string, string>) => engineDefaults(measuredPoint(cells), accelerator)
  expect(usual({})).toMatchObject({ profile: 'vllm', scheduler: 'vllm-v1', maxSequences: 1024 })
  expect(usual({ engine_version: '0.6.1' })).toMatchObject({ scheduler: 'vllm-v0' })
  expect(usual({ engine: 'trtllm', engine_version: '1.0' })).toMatchObject({
    profile: 'tensorrt-llm',
  })
  expect(usual({ engine: 'trtllm' })).toMatchObject({ profile: 'tensorrt-llm-v0' })
  expect(usual({ engine: 'sglang' })).toMatchObject({ profile: 'sglang', scheduler: 'sglang' })
})

it('simulates attention ranks that share the users and the experts', () => {
  const { spec } = pointScenario(
    measuredPoint({
      ...{ model: 'deepseek-r1', hardware: 'h200', dp: '8', ep: '8' },
      ...{ concurrency: '64', num_requests: '640' },
    }),
    'calibrated',
    registries,
  )
  expect(spec.concurrency).toBe(64)
  expect(spec.pools[0]).toMatchObject({ attentionRanks: 8, devicesPerReplica: 8 })
  // Eight devices hold the experts between them: one alone has no room for them.
  expect(spec.pools[0]?.memory.kvBlocks).toBeGreaterThan(1000)
})

it('takes both dies of a card for one device of the measurement', () => {
  const { layout } = pointEngine(measuredPoint({ hardware: 'mi250', tp: '2' }), {
    costModel: 'roofline',
    registries,
    replicas: 1,
    requests: 8,
  })
  expect(layout.tensorParallel).toBe(4)
})

it('finds a device that the catalog names without its memory', () => {
  expect(specOf({ hardware: 'l40s-48gb' }).spec.pools).toHaveLength(1)
  expect(() => specOf({ hardware: 'l40s-480gb' })).toThrow('hardware: unknown accelerator')
})

it.each([
  ['an unknown model', { model: 'no-such' }, 'model: unknown model'],
  ['an unknown engine', { engine: 'no-such' }, 'engine: its limits'],
  ['a scenario without its load', { concurrency: '' }, 'concurrency: is not stated'],
  ['attention groups of a dense model', { dp: '2' }, 'dp: without experts'],
  ['experts on a part of the devices', { model: 'mixtral-8x7b', tp: '4', ep: '3' }, 'ep: experts'],
  ['a model that does not fit', { model: 'llama3-70b' }, 'llama3-70b needs'],
  ['tokens of prompts that nobody stated', { input_len: '' }, 'input_len: is not stated'],
])('names %s and goes on', (_what, cells, reason) => {
  const { rows, skipped } = pointErrors(
    measuredPoint({ ...cells, tpot_ms_mean: '10' }),
    'roofline',
    registries,
  )
  expect(rows).toEqual([])
  expect(skipped[0]?.reason).toContain(reason)
})

it('compares each metric that was measured in the unit of its column', () => {
  const cells = { ttft_ms_mean: '20', tpot_ms_mean: '5', output_tokens_per_s: '700' }
  const { rows } = pointErrors(measuredPoint(cells), 'roofline', registries)
  const result = simulate(specOf(cells).spec)
  const simulated = Object.fromEntries(rows.map((row) => [row.metric, row.simulated]))
  expect(simulated).toEqual({
    output_tokens_per_s: result.throughput.tokens_per_sec,
    ttft_ms_mean: (result.first_token_latency.mean ?? 0) * 1000,
    tpot_ms_mean: (result.time_per_output_token.mean ?? 0) * 1000,
  })
  for (const row of rows)
    expect(row.relative_error).toBeCloseTo(row.simulated / row.measured - 1, 12)
})

it('leaves out first tokens of a client that nobody described', () => {
  const { rows, skipped } = pointErrors(
    measuredPoint({ ttft_ms_mean: '20', tpot_ms_mean: '5', notes: 'burst start, use tpot only' }),
    'roofline',
    registries,
  )
  expect(rows.map(({ metric }) => metric)).toEqual(['tpot_ms_mean'])
  expect(skipped).toMatchObject([{ id: 'A-1', metric: 'ttft_ms_mean' }])
})
