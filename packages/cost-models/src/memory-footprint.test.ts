import { bytesPerElement, GIB, parameterCounts } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { requireFit } from './memory-fit.js'
import {
  kvBytes,
  maxConcurrentSequences,
  memoryFootprint,
  weightBytesPerDevice,
} from './memory-footprint.js'
import {
  deepseekV3,
  h100,
  layout,
  llama2x70b,
  llama3x8b,
  mi300x,
  models,
  sparseModel,
} from './test/fixtures.js'

const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }

describe('memory footprint', () => {
  it('holds every parameter of a model on one device', () => {
    for (const model of models)
      expect(weightBytesPerDevice(layout(model, h100))).toBeCloseTo(
        parameterCounts(model).total * 2,
        -2,
      )
    expect(weightBytesPerDevice(layout(llama2x70b, h100))).toBe(68_976_648_192 * 2)
  })

  it('splits all but the norms over TP', () => {
    const one = weightBytesPerDevice(layout(llama2x70b, h100))
    const eighth = weightBytesPerDevice(layout(llama2x70b, h100, { tensorParallel: 8 }))
    const norms = 2 * (80 * 2 * 8192 + 8192)
    expect(8 * eighth - one).toBeCloseTo(7 * norms, 0)
  })

  it('replicates key and value heads when TP has more devices than there are heads', () => {
    const eight = layout(llama2x70b, h100, { tensorParallel: 8 })
    const sixteen = layout(llama2x70b, h100, { tensorParallel: 16 })
    expect(kvBytes(eight)).toEqual({ perDevice: 40_960, whole: 327_680 })
    expect(kvBytes(sixteen)).toEqual({ perDevice: 40_960, whole: 327_680 })
    const replicated = 80 * 8192 * 2 * 128 * 2
    const split = (weightBytesPerDevice(eight) - replicated) / 2
    expect(weightBytesPerDevice(sixteen)).toBeGreaterThan(split + replicated)
  })

  it('counts key and value heads that vary by layer by their average', () => {
    const { attention } = llama3x8b
    const varied = { ...llama3x8b, attention: { ...attention, total_kv_heads: 100 } }
    expect(kvBytes(layout(varied, h100)).perDevice).toBe(100 * 2 * 128 * 2)
    const even = weightBytesPerDevice(layout(llama3x8b, h100))
    const fewer = even - weightBytesPerDevice(layout(varied, h100))
    expect(fewer).toBe((32 * 8 - 100) * 2 * 128 * 4096 * 2)
  })

  it('keeps one latent per token and layer with MLA, on every device', () => {
    expect(kvBytes(layout(deepseekV3, h100, { tensorParallel: 8 }))).toEqual({
      perDevice: 61 * 576 * 2,
      whole: 61 * 576 * 2,
    })
  })

  it('keeps a key of 8 bits and its scale for the indexer of sparse attention', () => {
    const sparse = layout(sparseModel, h100, { tensorParallel: 8 })
    const bytes = 61 * (576 * 2 + 128 + 4)
    expect(kvBytes(sparse)).toEqual({ perDevice: bytes, whole: bytes })
    const indexer = 61 * (1536 * 64 * 128 + 7168 * (128 + 64) + 2 * 128)
    const dense = layout(deepseekV3, h100, { tensorParallel: 8 })
    expect(weightBytesPerDevice(sparse) - weightBytesPerDevice(dense)).toBe(2 * indexer)
  })

  it('gives the fullest stage the larger share of layers and an end', () => {
    const given = layout(llama2x70b, h100, { pipelineParallel: 3 })
    const counts = parameterCounts(llama2x70b)
    const layer = counts.attentionPerLayer + counts.denseFfn + counts.normsPerLayer
    expect(weightBytesPerDevice(given)).toBe(2 * (27 * layer + counts.embedding + counts.finalNorm))
    expect(kvBytes(given)).toEqual({ perDevice: 27 * 4096, whole: 327_680 })
  })

  it('keeps embedding, head and norms at 16 bits when weights are narrower', () => {
    const given = layout(llama3x8b, h100, { weightFormat: 'fp8' })
    const ends = 2 * 128_256 * 4096
    const norms = 32 * 2 * 4096 + 4096
    expect(weightBytesPerDevice(given)).toBe(8_030_261_248 + ends + norms)
    expect(bytesPerElement.fp8).toBe(1)
  })

  it('adds up to the device and counts whole blocks', () => {
    const footprint = memoryFootprint(layout(llama2x70b, mi300x, { tensorParallel: 8 }), options)
    const sum = footprint.parts.reduce((bytes, part) => bytes + part.bytes, 0)
    expect(sum).toBeCloseTo(footprint.deviceBytes, 3)
    expect(footprint.bytesPerBlock).toBe(655_360)
    expect(footprint.kvBlocks).toBe(Math.floor(footprint.kvCacheBytes / 655_360))
    expect(footprint.reserveBytes).toBeCloseTo(0.1 * 192 * GIB + GIB, 0)
    expect(maxConcurrentSequences(footprint, 1000)).toBe(Math.floor(footprint.kvBlocks / 63))
  })

  it('names what is missing and what would fit', () => {
    const given = layout(llama2x70b, h100)
    const footprint = memoryFootprint(given, options)
    expect(footprint.kvBlocks).toBe(0)
    expect(() => {
      requireFit(footprint, given, options)
    }).toThrow(
      expect.objectContaining({
        code: 'DOES_NOT_FIT',
        path: 'parallelism.tensor_parallel_size',
        given: 1,
        accepted: 'tensor_parallel_size 2, or engine.dtype fp8',
      }),
    )
    expect(() => {
      requireFit(footprint, given, options, 65_536)
    }).toThrow(expect.objectContaining({ accepted: 'tensor_parallel_size 4' }))
    const fitting = layout(llama2x70b, h100, { tensorParallel: 4 })
    expect(() => {
      requireFit(memoryFootprint(fitting, options), fitting, options)
    }).not.toThrow()
    expect(() => {
      requireFit(memoryFootprint(fitting, options), fitting, options, 1e9)
    }).toThrow(expect.objectContaining({ code: 'DOES_NOT_FIT' }))
  })
})
