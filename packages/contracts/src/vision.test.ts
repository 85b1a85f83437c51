import { describe, expect, it } from 'vitest'
import { imageSize, VisionEncoder } from './vision.js'

const common = {
  layers: 2,
  hidden_size: 64,
  heads: 4,
  intermediate_size: 128,
  patch_size: 14,
  projector: [64, 64],
}
/** Qwen2.5-VL's bounds of the pixels. */
const native = VisionEncoder.parse({
  ...common,
  images: { kind: 'native', merge: 2, min_pixels: 3136, max_pixels: 12845056 },
})
/** Gemma 3's. */
const fixed = VisionEncoder.parse({
  ...common,
  images: { kind: 'fixed', size: 896, tokens: 256 },
})
/** Llama 4's. */
const tiles = VisionEncoder.parse({
  ...common,
  images: { kind: 'tiles', size: 336, tokens: 144, max_tiles: 16 },
})

describe('the size of an image', () => {
  it('of native shape is that of its sides in whole tokens', () => {
    // 1024 pixels are 36.6 tokens of 28 pixels: 37.
    expect(imageSize(native, 1024, 1024)).toEqual({
      tokens: 37 * 37,
      patches: 74 * 74,
      pairs: (74 * 74) ** 2,
    })
    expect(imageSize(native, 644, 420).tokens).toBe(23 * 15)
    expect(imageSize(native, 420, 644).tokens).toBe(23 * 15)
  })

  it('of native shape stays within the bounds, at its aspect', () => {
    expect(imageSize(native, 1, 1).tokens).toBe(4)
    const { tokens } = imageSize(native, 20_000, 10_000)
    expect(tokens).toBeLessThanOrEqual(16_384)
    expect(tokens).toBeGreaterThan(0.97 * 16_384)
    const bounded = { ...native, images: { ...native.images, max_pixels: 28 * 28 * 100 } }
    expect(imageSize(VisionEncoder.parse(bounded), 2800, 700).tokens).toBe(20 * 5)
  })

  it('that is scaled to a square is the same for all', () => {
    const size = { tokens: 256, patches: 4096, pairs: 4096 ** 2 }
    expect(imageSize(fixed, 100, 3000)).toEqual(size)
    expect(imageSize(fixed, 896, 896)).toEqual(size)
  })

  it('that is cut to tiles is that of the canvas it fits, and of the whole image', () => {
    const tile = { tokens: 144, patches: 576, pairs: 576 ** 2 }
    expect(imageSize(tiles, 336, 336)).toEqual(tile)
    expect(imageSize(tiles, 100, 100)).toEqual(tile)
    // 2 by 1, and one more of the whole.
    expect(imageSize(tiles, 672, 336).tokens).toBe(3 * 144)
    // 2 by 2 is the least canvas that does not shrink it.
    expect(imageSize(tiles, 600, 400).tokens).toBe(5 * 144)
    // 4 by 4 shrinks it least.
    expect(imageSize(tiles, 5000, 5000)).toEqual({
      tokens: 17 * 144,
      patches: 17 * 576,
      pairs: 17 * 576 ** 2,
    })
  })
})
