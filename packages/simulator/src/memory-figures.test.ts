import { ExactDistribution } from '@llmsim/metrics'
import { describe, expect, it } from 'vitest'
import { sampledBlocks } from './memory-figures.js'
import { MemorySampler } from './memory-sampler.js'
import type { Pool } from './pool.js'

describe('sampledBlocks', () => {
  it('weighs every sample of every replica with its time', () => {
    const samplers = [0, 3, 17, 250, 4095].map((blocks) => {
      const sampler = new MemorySampler(0, 40)
      sampler.addUntil(5, 0)
      for (let step = 0; sampler.next < 30; step++) sampler.add((step * blocks) % 97)
      sampler.addUntil(41, blocks)
      return sampler
    })
    const pool = { replicas: samplers.map((sampler) => ({ sampler })) } as unknown as Pool
    const every = new ExactDistribution()
    for (const { size, values, interval } of samplers)
      for (let i = 0; i < size; i++) every.add(values[i]!, interval)
    const samples = sampledBlocks(pool)
    expect(samples.count).toBe(every.count)
    expect(samples.mean).toBe(every.mean)
    for (const share of [0, 0.01, 0.3, 0.5, 0.75, 0.95, 0.999, 1])
      expect(samples.quantile(share)).toBe(every.quantile(share))
  })

  it('adds what is used for long once, and not once for each sample', () => {
    const sampler = new MemorySampler(0, 40)
    sampler.addUntil(20, 7)
    sampler.addUntil(41, 9)
    const added: number[] = []
    const { add } = ExactDistribution.prototype
    ExactDistribution.prototype.add = function (value, weight) {
      added.push(value)
      add.call(this, value, weight)
    }
    try {
      sampledBlocks({ replicas: [{ sampler }, { sampler }] } as unknown as Pool)
    } finally {
      ExactDistribution.prototype.add = add
    }
    expect(added).toEqual([7, 9])
  })
})
