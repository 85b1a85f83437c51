import { describe, expect, it } from 'vitest'
import { scenarioTargets, sloTarget, sloTargets, sloText } from './slo-target.js'

describe('sloTarget', () => {
  it.each([
    ['p99=1s', 'p99', 1],
    ['p95=50ms', 'p95', 0.05],
    ['mean<=0.2s', 'mean', 0.2],
    ['max<2min', 'max', 120],
    ['P50 = 250us', 'p50', 0.00025],
    ['500', 'p99', 0.5],
    ['1.5s', 'p99', 1.5],
  ] as const)('%s', (text, quantile, seconds) => {
    expect(sloTarget('ttft', text)).toEqual({
      latency: 'ttft',
      quantile,
      seconds: expect.closeTo(seconds, 12) as number,
    })
  })

  it.each(['', 'p98=1s', 'p99', 'p99=', 'p99=-1s', 'p99=0s', 'p99=1h', 'fast'])(
    'refuses %s',
    (text) => {
      expect(() => sloTarget('e2e', text)).toThrow(/^--slo-e2e: is no objective/)
    },
  )
})

it('takes the targets out of the options of a command', () => {
  const { targets, rest } = sloTargets({ sloTtft: 'p99=1s,mean=200ms', sloE2e: '9s', tp: '8' })
  expect(targets.map(sloText)).toEqual(['TTFT p99 <= 1 s', 'TTFT mean <= 200 ms', 'E2E p99 <= 9 s'])
  expect(rest).toEqual({ tp: '8' })
})

it('reads what a scenario asks of each request as what 99 of 100 get', () => {
  expect(scenarioTargets({ ttft_ms: 500, e2e_ms: 9000 }).map(sloText)).toEqual([
    'TTFT p99 <= 500 ms',
    'E2E p99 <= 9 s',
  ])
  expect(scenarioTargets(undefined)).toEqual([])
})
