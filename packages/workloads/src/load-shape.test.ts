import { randomStream } from '@llmsim/engine'
import { describe, expect, test } from 'vitest'
import { arrivalTimes } from './arrival-process.js'
import { unitGaps, weibullShape } from './gap-shape.js'
import { gammaFunction } from './gamma-function.js'
import { type LoadShape } from './load-shape.js'

function timesUntil(load: LoadShape, end: number, seed = 1): number[] {
  const next = arrivalTimes(load, seed)
  const times: number[] = []
  for (let at = next(); at < end; at = next()) times.push(at)
  return times
}

const between = (times: readonly number[], from: number, to: number): number =>
  times.filter((at) => at >= from && at < to).length

const even = { process: 'constant' } as const

describe('gaps', () => {
  test('the gamma function has its known values', () => {
    expect(gammaFunction(0.5)).toBeCloseTo(Math.sqrt(Math.PI), 12)
    expect(gammaFunction(5)).toBeCloseTo(24, 10)
    expect(gammaFunction(11) / 3_628_800).toBeCloseTo(1, 12)
  })

  test('the shape of a Weibull distribution follows from its scatter', () => {
    // Shape 1 is exponential; shape 2 (Rayleigh) has cv^2 = 4 / pi - 1, shape 1/2 has cv^2 = 5.
    expect(weibullShape(1)).toBeCloseTo(1, 10)
    expect(weibullShape(Math.sqrt(4 / Math.PI - 1))).toBeCloseTo(2, 10)
    expect(weibullShape(Math.sqrt(5))).toBeCloseTo(0.5, 10)
  })

  test.each([
    ['poisson', 1, 1],
    ['gamma', 0.5, 0.5],
    ['gamma', 3, 3],
    ['weibull', 0.5, 0.5],
    ['weibull', 2, 2],
    ['constant', 1, 0],
  ] as const)('%s gaps with cv %d have a mean of 1 and that cv', (process, cv, expected) => {
    const draw = unitGaps({ process, cv }, randomStream(3, 'gaps'))
    const gaps = Array.from({ length: 200_000 }, draw)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const squares = gaps.reduce((sum, gap) => sum + (gap - mean) * (gap - mean), 0)
    expect(mean).toBeCloseTo(1, 1)
    expect(Math.sqrt(squares / gaps.length) / mean / (expected || 1)).toBeCloseTo(
      expected === 0 ? 0 : 1,
      1,
    )
  })
})

describe('loads that change', () => {
  test('steps have the rate of each, and the last one stays', () => {
    const times = timesUntil(
      {
        shape: 'steps',
        steps: [
          { seconds: 10, ratePerSecond: 2 },
          { seconds: 10, ratePerSecond: 0 },
          { seconds: 1, ratePerSecond: 5 },
        ],
        gaps: even,
      },
      100,
    )
    expect([between(times, 0, 10.01), between(times, 10.01, 20), between(times, 20, 100)]).toEqual([
      20, 0, 399,
    ])
  })

  test('a ramp to a rate r over T seconds has its k-th request at T sqrt(k / (r T / 2))', () => {
    const times = timesUntil(
      {
        shape: 'curve',
        points: [
          { atSeconds: 0, ratePerSecond: 0 },
          { atSeconds: 100, ratePerSecond: 8 },
        ],
        gaps: even,
      },
      100.5,
    )
    expect(times).toHaveLength(403)
    for (let k = 1; k <= 400; k++) expect(times[k - 1]).toBeCloseTo(100 * Math.sqrt(k / 400), 9)
    expect(times[400]).toBeCloseTo(100.125, 9)
  })

  test('a load that falls to 0 ends', () => {
    const next = arrivalTimes(
      {
        shape: 'curve',
        points: [
          { atSeconds: 0, ratePerSecond: 2 },
          { atSeconds: 10, ratePerSecond: 0 },
        ],
      },
      1,
    )
    let count = 0
    let at = next()
    for (; at < Infinity; at = next()) {
      expect(at).toBeLessThanOrEqual(10)
      count++
    }
    expect(count).toBeGreaterThan(2)
    expect(next()).toBe(Infinity)
  })

  test('nothing ever comes of a repeated rate of 0', () => {
    const next = arrivalTimes(
      { shape: 'steps', steps: [{ seconds: 1, ratePerSecond: 0 }], repeat: true },
      1,
    )
    expect(next()).toBe(Infinity)
  })

  test('a day has its mean, and its peak where it was asked for', () => {
    const day = {
      shape: 'diurnal',
      meanRatePerSecond: 1,
      amplitude: 0.8,
      peakAtSeconds: 14 * 3600,
      gaps: even,
    } as const
    const times = timesUntil(day, 2 * 86_400)
    expect(times.length / (2 * 86_400)).toBeCloseTo(1, 3)
    const hour = (at: number): number => between(times, at * 3600, (at + 1) * 3600) / 3600
    expect(hour(13.5)).toBeCloseTo(1.8, 1)
    expect(hour(1.5)).toBeCloseTo(0.2, 1)
    expect(hour(37.5)).toBeCloseTo(1.8, 1)
    // A cosine is at its mean a quarter of a day from its peak.
    expect(hour(7.5)).toBeCloseTo(1, 1)
  })

  test('states of a Markov process share the time by their means, and make bursts', () => {
    const times = timesUntil(
      {
        shape: 'markov',
        states: [
          { ratePerSecond: 1, meanSeconds: 90 },
          { ratePerSecond: 31, meanSeconds: 10 },
        ],
      },
      200_000,
    )
    expect(times.length / 200_000 / 4).toBeCloseTo(1, 1)
    const gaps = times.slice(1).map((at, i) => at - times[i]!)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const cv = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length) / mean
    expect(cv).toBeGreaterThan(1.8)
  })

  test.each([
    [{ shape: 'steps', steps: [] }, 'arrivals.steps'],
    [{ shape: 'steps', steps: [{ seconds: 0, ratePerSecond: 1 }] }, 'arrivals.steps[0].seconds'],
    [{ shape: 'curve', points: [{ atSeconds: 0, ratePerSecond: -1 }] }, 'points[0].ratePerSecond'],
    [
      { shape: 'curve', points: [{ atSeconds: 5, ratePerSecond: 1 }], periodSeconds: 4 },
      'arrivals.periodSeconds',
    ],
    [{ shape: 'diurnal', meanRatePerSecond: 1, amplitude: 2 }, 'arrivals.amplitude'],
    [{ shape: 'markov', states: [] }, 'arrivals.states'],
    [{ shape: 'sine' }, 'arrivals.shape'],
  ])('refuses %j', (load, message) => {
    expect(() => arrivalTimes(load as LoadShape, 1)).toThrow(message)
  })
})
