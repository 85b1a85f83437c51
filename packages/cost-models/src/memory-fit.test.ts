import { describe, expect, it } from 'vitest'
import { requireFit } from './memory-fit.js'
import { memoryFootprint, type MemoryOptions } from './memory-footprint.js'
import { h100, layout, llama2x70b, llama3x8b } from './test/fixtures.js'

const common = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }

function refusal(given: ReturnType<typeof layout>, options: MemoryOptions): unknown {
  try {
    requireFit(memoryFootprint(given, options), given, options)
  } catch (error) {
    return error
  }
  return undefined
}

describe('requireFit', () => {
  it('blames a share of memory that is smaller than usual, and names the least that is enough', () => {
    const given = layout(llama3x8b, h100)
    const error = refusal(given, { ...common, memoryUtilization: 0.1 })
    expect(error).toMatchObject({ path: 'engine.gpu_memory_utilization', given: 0.1 })
    const [, least = ''] = /at least ([\d.]+)/.exec((error as { accepted: string }).accepted) ?? []
    const share = Number(least)
    expect(refusal(given, { ...common, memoryUtilization: share })).toBeUndefined()
    expect(refusal(given, { ...common, memoryUtilization: share - 0.001 })).toBeDefined()
  })

  it('blames the layout where the usual share is too small too', () => {
    for (const memoryUtilization of [0.5, 0.9])
      expect(refusal(layout(llama2x70b, h100), { ...common, memoryUtilization })).toMatchObject({
        path: 'parallelism.tensor_parallel_size',
      })
  })

  it('offers formats that the device lacks only where nothing else helps', () => {
    const plain = { ...h100, peak_flop_per_s: { bf16: h100.peak_flop_per_s.bf16 } }
    expect(refusal(layout(llama2x70b, plain), common)).toMatchObject({
      accepted: 'tensor_parallel_size 2',
    })
    const widest = layout(llama2x70b, { ...plain, memory_bytes: 3.6e9 }, { tensorParallel: 64 })
    expect(refusal(widest, { ...common, memoryUtilization: 1 })).toMatchObject({
      accepted: 'engine.dtype fp8',
    })
  })

  it("tells a draft's share, and offers more devices for both", () => {
    const draft = { attached: false, layout: layout(llama2x70b, h100) }
    const error = refusal(layout(llama3x8b, h100), { ...common, draft })
    expect(error).toMatchObject({
      accepted: 'tensor_parallel_size 4, or a smaller draft model',
      message: expect.stringContaining(`of which 128.5 of the draft ${llama2x70b.name}`) as unknown,
    })
    const spread = (size: number): unknown =>
      refusal(layout(llama3x8b, h100, { tensorParallel: size }), {
        ...common,
        draft: { ...draft, layout: layout(llama2x70b, h100, { tensorParallel: size }) },
      })
    expect(spread(2)).toBeDefined()
    expect(spread(4)).toBeUndefined()
  })
})
