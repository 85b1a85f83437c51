import { Model } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { kvGroups } from './kv-groups.js'
import { blocksOfSequence, maxConcurrentSequences, memoryFootprint } from './memory-footprint.js'
import { requireFit } from './memory-fit.js'
import { h100, layout, llama3x8b } from './test/fixtures.js'

const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }

/** A model of so many layers, some of them with a window. */
function windowedModel(layers: number, windowed: number, tokens: number, kind = 'sliding'): Model {
  const attention = { ...llama3x8b.attention, window: { tokens, layers: windowed, kind } }
  return Model.parse({ ...llama3x8b, layers, attention })
}

describe('groups of layers', () => {
  it.each([
    // Layers, those with a window, of a draft; layers of a group, groups with all tokens and with a window.
    ['Gemma 3 27B', 62, 52, 0, 10, 1, 6],
    ['Gemma 3 4B', 34, 29, 0, 5, 1, 6],
    ['gpt-oss 20B', 24, 12, 0, 12, 1, 1],
    ['gpt-oss 20B with a layer that drafts', 24, 12, 1, 13, 1, 1],
    ['Llama 4', 48, 36, 0, 12, 1, 3],
    ['Mistral 7B', 32, 32, 0, 32, 0, 1],
    ['Mistral 7B with one', 32, 32, 1, 1, 1, 32],
    ['just below half as many again', 49, 20, 0, 29, 1, 1],
    ['half as many again', 50, 20, 0, 20, 2, 1],
  ])('%s', (_name, layers, windowed, drafts, size, fullGroups, windowedGroups) => {
    expect(kvGroups(windowedModel(layers, windowed, 128), layers, drafts)).toEqual({
      tokens: 128,
      kind: 'sliding',
      layers: size,
      fullGroups,
      windowedGroups,
    })
  })

  it('are none where no layer has a window', () => {
    expect(kvGroups(llama3x8b, 32)).toBeUndefined()
  })
})

describe('the memory of a model with windows', () => {
  const given = layout(windowedModel(34, 28, 1024), h100)
  const grouped = memoryFootprint(given, options)
  const whole = memoryFootprint(given, { ...options, wholeContexts: true })

  it('has smaller blocks, and more of them', () => {
    // 6 layers of 8 heads of 128 keys and values, in 16 bits.
    expect(grouped.bytesPerBlock).toBe(16 * 6 * 2 * 8 * 128 * 2)
    expect(whole.bytesPerBlock).toBe(16 * 34 * 2 * 8 * 128 * 2)
    expect(grouped.kvBlocks).toBe(Math.floor(grouped.kvCacheBytes / grouped.bytesPerBlock))
    expect(grouped.kvBytesPerToken).toBe(whole.kvBytesPerToken)
    expect(grouped.windowedBytesPerToken).toBe(28 * 2 * 8 * 128 * 2)
    expect(whole.windowedBytesPerToken).toBe(0)
    expect(whole.groups).toBeUndefined()
  })

  it('holds more sequences the further they go beyond the window', () => {
    // One group with the whole context, five with 1024 tokens.
    expect(blocksOfSequence(grouped, 1000)).toBe(6 * 63)
    expect(blocksOfSequence(grouped, 16_000)).toBe(1000 + 5 * 65)
    const gain = (tokens: number): number =>
      maxConcurrentSequences(grouped, tokens) / maxConcurrentSequences(whole, tokens)
    expect(gain(1000)).toBeCloseTo(34 / 36, 1)
    expect(gain(16_000)).toBeGreaterThan(4)
  })

  it('counts a chunk without what lies before it', () => {
    const chunked = memoryFootprint(layout(windowedModel(48, 36, 8192, 'chunked'), h100), options)
    expect(blocksOfSequence(chunked, 100_000)).toBe(6250 + 3 * 512)
  })

  it('fits where all tokens of all layers would not', () => {
    const tokens = (whole.kvBlocks + 1) * 16
    expect(() => {
      requireFit(whole, given, { ...options, wholeContexts: true }, tokens)
    }).toThrow('needs')
    expect(() => {
      requireFit(grouped, given, options, tokens)
    }).not.toThrow()
  })
})
