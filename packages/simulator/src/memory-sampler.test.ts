import { describe, expect, it } from 'vitest'
import { MemorySampler } from './memory-sampler.js'

/** Samples the whole seconds that have passed, for as long as it wants samples. */
function sampled(start: number, end: number): MemorySampler {
  const sampler = new MemorySampler(start, end)
  while (sampler.next <= end && sampler.next !== Infinity) sampler.add(sampler.next)
  return sampler
}

describe('MemorySampler', () => {
  it('samples at equal intervals from the start of the window to its end', () => {
    const sampler = sampled(2, 3)
    expect(sampler.size).toBe(1025)
    expect(sampler.interval).toBe(2 ** -10)
    expect(sampler.values[0]).toBe(2)
    expect(sampler.values[1024]).toBe(3)
    expect(sampler.next).toBe(Infinity)
  })

  it.each([10, 100, 12_345, 5e5])('stays on its grid as it thins out: %d s', (seconds) => {
    const sampler = sampled(7, 7 + seconds)
    expect(sampler.size).toBeGreaterThan(2048)
    expect(sampler.size).toBeLessThanOrEqual(4096)
    for (let i = 0; i < sampler.size; i++) expect(sampler.values[i]).toBe(7 + i * sampler.interval)
  })

  it('holds nothing while all samples are 0, and the same as another from then on', () => {
    const idle = new MemorySampler(0, 1e6)
    idle.addUntil(50, 0)
    expect(idle.isZero).toBe(true)
    const held = new MemorySampler(0, 1e6)
    while (held.next < 50) held.add(0)
    expect(held.size).toBe(idle.size)
    expect(held.interval).toBe(idle.interval)
    idle.addUntil(300, 5)
    while (held.next < 300) held.add(5)
    expect(idle.isZero).toBe(false)
    expect(idle.values).toEqual(held.values)
    const ofFive = [...idle.values.slice(0, idle.size)].filter((blocks) => blocks === 5)
    expect(ofFive.length * idle.interval).toBeCloseTo(250, 0)
  })

  it('ends with no sample beyond the window', () => {
    const sampler = sampled(0, 2 ** -11)
    expect(sampler.size).toBe(1)
  })
})
