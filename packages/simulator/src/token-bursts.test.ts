import { LogHistogram } from '@llmsim/engine'
import { ExactDistribution } from '@llmsim/metrics'
import { expect, it } from 'vitest'
import { TokenBursts } from './token-bursts.js'

it.each([
  ['exact', () => new ExactDistribution()],
  ['histogram', () => new LogHistogram()],
] as const)('keeps the mean of gaps, and puts tokens together: %s', (_name, make) => {
  const bursts = new TokenBursts(make(), 2.5)
  bursts.add(0.1, 10)
  bursts.addSeries(0.1, 0.001, 100, 4)
  const single = new ExactDistribution()
  single.add(0.1, 10)
  single.addSeries(0.1, 0.001, 100, 4)
  expect(bursts.count).toBeCloseTo(410, 9)
  expect(bursts.mean).toBeCloseTo(single.mean, 12)
  expect(bursts.sum).toBeCloseTo(single.sum, 9)
  expect(bursts.min).toBe(0)
  expect(bursts.max).toBeCloseTo(2.5 * single.max, 12)
  // Three of five tokens come with the one before.
  expect(bursts.quantile(0.59)).toBe(0)
  expect(bursts.quantile(0.61)).toBeGreaterThan(0.24)
  expect(bursts.std).toBeGreaterThan(single.std)
  const sum = new TokenBursts(make(), 2.5)
  sum.addAll(bursts)
  expect([sum.count, sum.max, sum.quantile(0.7)]).toEqual([
    bursts.count,
    bursts.max,
    bursts.quantile(0.7),
  ])
})
