import { isSimulatorError } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { describe, expect, test } from 'vitest'
import { type ArrivalProcess, arrivalSampler } from './arrival-process.js'

describe('arrivalSampler', () => {
  test.each([
    { process: 'poisson', ratePerSecond: 4 },
    { process: 'gamma', ratePerSecond: 4 },
    { process: 'gamma', ratePerSecond: 100, cv: 0.5 },
    { process: 'gamma', ratePerSecond: 0.01, cv: 3 },
  ] as const)('has the rate and the variation asked for: %j', (arrivals) => {
    const draws = 500_000
    const gap = arrivalSampler(arrivals, randomStream(3, 'arrivals'))
    const gaps = Array.from({ length: draws }, gap)
    const mean = gaps.reduce((sum, value) => sum + value, 0) / draws
    const variance = gaps.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws
    const cv = 'cv' in arrivals ? arrivals.cv : 1
    expect(Math.abs(mean * arrivals.ratePerSecond - 1)).toBeLessThan((5 * cv) / Math.sqrt(draws))
    expect(Math.sqrt(variance) / mean / cv).toBeCloseTo(1, 1)
    expect(gaps.every((value) => value >= 0)).toBe(true)
  })

  test('constant: equal gaps', () => {
    const gap = arrivalSampler({ process: 'constant', ratePerSecond: 8 }, randomStream(3, 'x'))
    expect([gap(), gap()]).toEqual([0.125, 0.125])
  })

  test.each([
    [{ process: 'poisson', ratePerSecond: 0 }, 'INVALID_VALUE workload.arrival_rate: is out of'],
    [{ process: 'poisson', ratePerSecond: NaN }, 'INVALID_VALUE workload.arrival_rate'],
    [{ process: 'gamma', ratePerSecond: 1, cv: 0 }, 'INVALID_VALUE workload.cv: is out of range'],
    [{ process: 'gamma', ratePerSecond: 1, cv: 101 }, 'INVALID_VALUE workload.cv'],
    [{ process: 'poisson', ratePerSecond: 1, cv: 2 }, 'CONFLICT workload.cv: poisson arrivals'],
    [{ process: 'constant', ratePerSecond: 1, cv: 1 }, 'CONFLICT workload.cv: constant arrivals'],
    [
      { process: 'bursty', ratePerSecond: 1 } as unknown as ArrivalProcess,
      'INVALID_VALUE workload.arrival_process: is not an arrival process; given "bursty"',
    ],
  ] as const)('refuses %j', (arrivals, message) => {
    let text = 'no error'
    try {
      arrivalSampler(arrivals, randomStream(1, 'x'))
    } catch (error) {
      if (isSimulatorError(error)) text = `${error.code} ${error.message}`
    }
    expect(text).toContain(message)
  })

  test('accepts the variation that a process has anyway', () => {
    const stream = randomStream(1, 'x')
    expect(() =>
      arrivalSampler({ process: 'poisson', ratePerSecond: 1, cv: 1 }, stream),
    ).not.toThrow()
  })
})
