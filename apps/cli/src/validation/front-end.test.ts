import { EngineProfile } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import { expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import { frontEnd } from './front-end.js'
import { parsePoint, type MeasuredPoint } from './measured-point.js'
import { pointErrors } from './point-errors.js'
import { pointScenario } from './point-scenario.js'

const registries = await loadRegistries({ catalog: [] }, process.cwd())

const cells = {
  ...{ id: 'A-1', model: 'llama3.1-8b', hardware: 'h100-80gb', engine: 'vllm' },
  ...{ scenario: 'closed', concurrency: '16', num_requests: '64' },
  ...{ input_len: '512', output_len: '32', length_range_ratio: '0.8', ttft_ms_mean: '50' },
}
const closedLoop = (more: Record<string, string> = {}): MeasuredPoint =>
  parsePoint({ ...cells, ...more }, (column) => column)

it('lets requests that come together wait for each other, then each for itself', () => {
  const { spec } = pointScenario(closedLoop(), 'calibrated', registries)
  const run = (perRequest: number) =>
    simulate({
      ...spec,
      maxRequests: 16,
      requestOverheadSeconds: 0.5,
      requestSerialSeconds: { perRequest, perPromptToken: 0 },
    }).first_token_latency
  expect(run(1).min).toBeGreaterThan(1.5)
  expect(run(1).min).toBeLessThan(1.6)
  expect(run(1).max).toBeGreaterThan(16.5)
  expect(run(1).max).toBeLessThan(16.6)
  expect(run(0).max).toBeLessThan(0.9)
})

it('gives the same step by step', () => {
  const run = (stepByStep: boolean) => {
    const { spec } = pointScenario(closedLoop(), 'calibrated', registries)
    expect(spec.requestSerialSeconds?.perRequest).toBeGreaterThan(0)
    const { first_token_latency, end_to_end_latency } = simulate({ ...spec, stepByStep })
    return { first_token_latency, end_to_end_latency }
  }
  const jumping = run(false)
  for (const [name, latencies] of Object.entries(run(true)))
    for (const [figure, seconds] of Object.entries(latencies))
      expect(seconds, `${name} ${figure}`).toBeCloseTo(
        (jumping as Record<string, Record<string, number | null>>)[name]?.[figure] ?? NaN,
        9,
      )
})

it('shares the load among the front ends of several engines, not the client', () => {
  const profile = EngineProfile.parse({
    ...registries.engineProfiles.get('vllm', 'engine'),
    request_serial_s: 0.004,
    prompt_token_serial_s: 4e-6,
  })
  expect(frontEnd(profile, 4, 0.01).requestSerialSeconds).toEqual({
    perRequest: 0.011,
    perPromptToken: 1e-6,
  })
  expect(frontEnd(registries.engineProfiles.get('bare', 'engine'), 1)).toEqual({
    requestOverheadSeconds: 0,
  })
})

it('refuses costs that are no seconds', () => {
  const { spec } = pointScenario(closedLoop(), 'calibrated', registries)
  expect(() =>
    simulate({ ...spec, requestSerialSeconds: { perRequest: -1, perPromptToken: 0 } }),
  ).toThrow('requestSerialSeconds.perRequest')
})

it('refuses a measurement of two pools by name', () => {
  const { rows, skipped } = pointErrors(closedLoop({ decode_tp: '8' }), 'calibrated', registries)
  expect(rows).toEqual([])
  expect(skipped.map(({ reason }) => reason)).toEqual([expect.stringContaining('disaggregated')])
})
