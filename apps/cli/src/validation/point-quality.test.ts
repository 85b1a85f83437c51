import { expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import { measuredPoint } from '../testing/measured-points.js'
import { physicalLimits, suspectPoints } from './point-quality.js'

const registries = await loadRegistries({}, '.')

it('knows what reading the weights of a Llama 3 8B takes on an H100', () => {
  const limits = physicalLimits(measuredPoint(), registries)
  // 7.50e9 parameters that are multiplied, 2 bytes each, at 3.35 TB/s; 989 TFLOP/s.
  expect(limits?.stepFloorMs).toBeCloseTo((7.5e9 * 2) / 3.35e9, 1)
  expect(limits?.tokensPerSecond).toBeGreaterThan(989e12 / (2 * 8.1e9))
  expect(limits?.tokensPerSecond).toBeLessThan(989e12 / (2 * 6.9e9))
})

it.each([
  ['a tpot below the time to read the weights', { tpot_ms_mean: '2' }, 'read the active weights'],
  ['output above the dense peak', { output_tokens_per_s: '90000' }, 'dense peak'],
  ['a first token before its FLOP', { input_len: '8000', ttft_ms_mean: '50' }, 'at the dense peak'],
  [
    'parts that do not add up',
    { ttft_ms_mean: '100', tpot_ms_mean: '10', e2e_ms_mean: '400' },
    'is not ttft + (n - 1) tpot',
  ],
])('suspects %s', (_what, cells, reason) => {
  const found = suspectPoints([measuredPoint(cells)], registries)
  expect(found.map((each) => each.reason).join()).toContain(reason)
})

it('suspects the row of less load that takes much longer', () => {
  const points = [
    measuredPoint({ id: 'A', concurrency: '4', tpot_ms_mean: '30' }),
    measuredPoint({ id: 'B', concurrency: '8', tpot_ms_mean: '12' }),
    measuredPoint({ id: 'C', concurrency: '16', tpot_ms_mean: '13' }),
    measuredPoint({ id: 'D', concurrency: '16', tpot_ms_mean: '12', hardware: 'h200' }),
  ]
  const found = suspectPoints(points, registries)
  expect(new Set(found.map(({ id }) => id))).toEqual(new Set(['A']))
  expect(found[0]?.reason).toContain('2.50 times that of B at 8')
})

it('has nothing against a sound row', () => {
  const sound = { ttft_ms_mean: '20', tpot_ms_mean: '6', e2e_ms_mean: '110' }
  expect(suspectPoints([measuredPoint(sound)], registries)).toEqual([])
})
