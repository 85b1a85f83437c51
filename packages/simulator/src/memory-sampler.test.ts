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

  it('ends with no sample beyond the window', () => {
    const sampler = sampled(0, 2 ** -11)
    expect(sampler.size).toBe(1)
  })
})
