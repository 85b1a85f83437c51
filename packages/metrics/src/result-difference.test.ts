import { describe, expect, it } from 'vitest'
import { replicationsOf } from './replications.js'
import { resultDifference } from './result-difference.js'

const result = (tokens: number, scenario: object, goodput: number | null = null): object => ({
  throughput: { tokens_per_sec: tokens },
  goodput: goodput === null ? null : { attainment: goodput },
  preemptions: 0,
  scenario,
})

describe('resultDifference', () => {
  it('tells which fields of the scenario differ, and which only one has', () => {
    const first = { model: 'a', cluster: { xpu: 'h100' }, slo: { ttft_ms: 5 }, seeds: [1, 2] }
    const second = { model: 'a', cluster: { xpu: 'mi300x' }, name: 'second', seeds: [1, 2] }
    const { scenario } = resultDifference({ scenario: first }, { scenario: second })
    expect(scenario).toEqual([
      { path: 'cluster.xpu', from: 'h100', to: 'mi300x' },
      { path: 'slo.ttft_ms', from: '5', to: null },
      { path: 'name', from: null, to: 'second' },
    ])
  })

  it('subtracts and divides figures', () => {
    const { figures, replications } = resultDifference(
      result(100, {}) as never,
      result(125, {}, 0.5) as never,
    )
    expect(replications).toBeNull()
    expect(figures).toEqual([
      {
        path: 'throughput.tokens_per_sec',
        from: 100,
        to: 125,
        difference: 25,
        relative: 0.25,
      },
      { path: 'goodput', from: null, to: null, difference: null, relative: null },
      { path: 'preemptions', from: 0, to: 0, difference: 0, relative: null },
      { path: 'goodput.attainment', from: null, to: 0.5, difference: null, relative: null },
    ])
  })

  it('tests the means over seeds where both sides have them', () => {
    const side = (values: readonly number[]): never => {
      const results = values.map((value) => result(value, {}))
      const seeds = values.map((_, seed) => seed)
      return { ...results[0], replications: replicationsOf(results, seeds) } as never
    }
    const { figures, replications } = resultDifference(
      side([10, 11, 12, 13, 14]),
      // Mean 15, standard deviation sqrt(8): the case that welchTest is tested with.
      side([12, 14, 15, 19]),
    )
    expect(replications).toEqual({ from: 5, to: 4, confidence_level: 0.95 })
    const tokens = figures.find(({ path }) => path === 'throughput.tokens_per_sec')
    expect(tokens).toMatchObject({ from: 12, to: 15, difference: 3, relative: 0.25 })
    // 12, 14, 15, 19: squares 9 + 1 + 0 + 16 = 26, over 3; t = 3 / sqrt(0.5 + 26 / 12) = 1.837117,
    // degrees of freedom 2.666667^2 / (0.5^2 / 4 + 2.166667^2 / 3) = 4.369844.
    expect(tokens?.test?.p_value).toBeCloseTo(0.133982, 6)
    expect(tokens?.test?.significant).toBe(false)
    const preemptions = figures.find(({ path }) => path === 'preemptions')
    expect(preemptions?.test).toEqual({ half_width: 0, p_value: 1, significant: false })
    const apart = resultDifference(side([10, 11, 12]), side([20, 21, 22])).figures[0]
    expect(apart?.test?.significant).toBe(true)
  })
})
