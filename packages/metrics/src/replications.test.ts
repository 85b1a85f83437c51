import { describe, expect, it } from 'vitest'
import { replicatedSample, replicationsOf } from './replications.js'
import { resultFigures } from './result-figures.js'

const result = (tokens: number, p99: number | null): object => ({
  completed_requests: 3,
  throughput: { tokens_per_sec: tokens },
  first_token_latency: { p99 },
  cost: null,
  pools: [{ name: 'decode', role: 'decode', utilization: 0.5, per_replica: [{ requests: 3 }] }],
  scenario: { random_seed: 9 },
  time_series: { start_s: [0, 1] },
  warnings: ['3'],
})

describe('resultFigures', () => {
  it('takes numbers by path and lists by name, and leaves series and the scenario out', () => {
    expect([...resultFigures(result(10, null))]).toEqual([
      ['completed_requests', 3],
      ['throughput.tokens_per_sec', 10],
      ['first_token_latency.p99', null],
      ['cost', null],
      ['pools.decode.utilization', 0.5],
    ])
  })
})

describe('replicationsOf', () => {
  it('is the hand-computed case', () => {
    // 10 to 14: standard deviation sqrt(2.5), 2.776445 * sqrt(2.5 / 5) either way.
    const results = [10, 11, 12, 13, 14].map((tokens) => result(tokens, tokens === 12 ? null : 1))
    const { figures, ...how } = replicationsOf(results, [7, 8, 9, 10, 11])
    expect(how).toEqual({ seeds: [7, 8, 9, 10, 11], confidence_level: 0.95 })
    const tokens = figures['throughput.tokens_per_sec']!
    expect(tokens).toMatchObject({ count: 5, mean: 12, std: Math.sqrt(2.5) })
    expect(tokens.half_width).toBeCloseTo(1.963243, 6)
    expect(figures['first_token_latency.p99']).toEqual({ count: 4, mean: 1, std: 0, half_width: 0 })
    expect(figures.cost).toEqual({ count: 0, mean: null, std: null, half_width: null })
    expect(replicatedSample(tokens)).toEqual({ count: 5, mean: 12, std: Math.sqrt(2.5) })
  })

  it('has no interval for one run', () => {
    const { figures } = replicationsOf([result(10, 1)], [0])
    expect(figures['throughput.tokens_per_sec']).toEqual({
      count: 1,
      mean: 10,
      std: null,
      half_width: null,
    })
  })
})
