import { emptyWork, Model, parameterCounts, type StepWork } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { calibratedCostModel, memoryFootprint, rooflineCostModel, stateBlockSize } from './index.js'
import { h100, layout, llama3x8b } from './test/fixtures.js'

/** Three of four layers keep a state of 32 heads of 128 by 128 in place of a KV cache. */
const hybrid = Model.parse({
  ...llama3x8b,
  name: 'hybrid',
  state: {
    kind: 'gated-delta',
    layers: 24,
    input_width: 12_352,
    output_width: 4096,
    state_elements: 32 * 128 * 128,
    convolution_elements: 24_576,
  },
})

const decoding = (decodes: number, context: number): StepWork => ({
  ...emptyWork(),
  decodes,
  decodeContext: decodes * context,
  logits: decodes,
})

describe.each([rooflineCostModel, calibratedCostModel])('layers with a state: $name', (factory) => {
  const costOf = (model: Model, work: StepWork) => {
    const into = { seconds: 0, growth: 0, horizon: 1 }
    factory.create({ ...layout(model, h100), extra: {} }).step(work, into)
    return into
  }

  it('take as long behind any context, so that a quarter of the growth is left', () => {
    const growth = (model: Model): number =>
      costOf(model, decoding(64, 30_000)).seconds - costOf(model, decoding(64, 20_000)).seconds
    expect(growth(hybrid) / growth(llama3x8b)).toBeCloseTo(8 / 32, 6)
  })

  it('read and write their state for each decoding sequence', () => {
    const operators = factory
      .create({ ...layout(hybrid, h100), extra: {} })
      .breakdown(decoding(64, 1000))
    const { bytes, seconds } = operators.find(({ name }) => name === 'state_decode')!
    const state = 24 * (4 * 32 * 128 * 128 + 2 * 24_576)
    expect(bytes).toBeGreaterThan(64 * 2 * state)
    expect(bytes).toBeLessThan(64 * 2 * state * 1.05)
    expect(seconds).toBeGreaterThan(bytes / h100.memory_bandwidth_bytes_per_s)
    const { seconds: all } = costOf(hybrid, decoding(64, 1000))
    expect(operators.reduce((sum, each) => sum + each.seconds, 0) / all).toBeCloseTo(1, 9)
  })
})

describe('memory of layers with a state', () => {
  const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }

  it('is a constant for each sequence, in whole KV blocks', () => {
    const footprint = memoryFootprint(layout(hybrid, h100), options)
    const state = 24 * (4 * 32 * 128 * 128 + 2 * 24_576)
    expect(footprint.kvBytesPerToken).toBe(8 * 2 * 8 * 128 * 2)
    expect(footprint.stateBytes).toBe(state)
    expect(footprint.stateBlocks).toBe(Math.ceil(state / (16 * 8 * 2 * 8 * 128 * 2)))
    expect(memoryFootprint(layout(llama3x8b, h100), options).stateBlocks).toBe(0)
  })

  it('goes with each block where others are to go on from there', () => {
    const blockSize = stateBlockSize(hybrid, 1, 'bf16')
    const token = 2 * 8 * 128 * 2
    const layer = 4 * 32 * 128 * 128 + 2 * 24_576
    expect(blockSize).toBe(16 * Math.ceil(layer / token / 16))
    expect(stateBlockSize(hybrid, 8, 'bf16')).toBe(blockSize)
    expect(stateBlockSize(hybrid, 1, 'fp8')).toBe(16 * Math.ceil((2 * layer) / token / 16))
    expect(stateBlockSize(llama3x8b, 1, 'bf16')).toBe(16)
    const given = { ...options, blockSize, statePerBlock: true }
    const footprint = memoryFootprint(layout(hybrid, h100), given)
    expect(footprint.stateBlocks).toBe(0)
    expect(footprint.bytesPerBlock).toBe(blockSize * 8 * token + 24 * layer)
    const plain = memoryFootprint(layout(llama3x8b, h100), options)
    expect(memoryFootprint(layout(llama3x8b, h100), { ...options, statePerBlock: true })).toEqual(
      plain,
    )
  })

  it('is split over TP, and the weights count those layers', () => {
    const halves = memoryFootprint(layout(hybrid, h100, { tensorParallel: 2 }), options)
    expect(2 * halves.stateBytesPerDevice).toBe(halves.stateBytes)
    const counts = parameterCounts(hybrid)
    expect(counts.attentionLayers).toBe(8)
    expect(counts.statePerLayer).toBe(4096 * (12_352 + 4096))
    expect(memoryFootprint(layout(hybrid, h100), options).weightBytes).toBeCloseTo(
      2 * counts.total,
      -2,
    )
  })
})
