import {
  emptyWork,
  Model,
  type CostModel,
  type CostModelOptions,
  type ImageWork,
  type ReplicaLayout,
  type StepWork,
} from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { calibratedCostModel } from './calibrated.js'
import { ContextParallel } from './context-parallel.js'
import { memoryFootprint } from './memory-footprint.js'
import { rooflineCostModel } from './roofline.js'
import { Speculative } from './speculative.js'
import { h100, layout, llama3x8b } from './test/fixtures.js'

/** Qwen2.5-VL's encoder in front of another model. */
const seeing = Model.parse({
  ...llama3x8b,
  vision: {
    layers: 32,
    hidden_size: 1280,
    heads: 16,
    intermediate_size: 3420,
    gated: true,
    patch_size: 14,
    frames: 2,
    window: { patches: 64, layers: 28 },
    projector: [5120, 5120, 4096],
    images: { kind: 'native', merge: 2, min_pixels: 3136, max_pixels: 12845056 },
  },
})
const patches = 74 * 74
const image: ImageWork = { images: 1, tokens: patches / 4, patches, pairs: patches * patches }
const prompt: StepWork = {
  ...emptyWork(),
  prefillTokens: 2000,
  prefillAttention: 2_000_000,
  logits: 1,
}

const made = (given: ReplicaLayout, factory = rooflineCostModel): CostModel =>
  factory.create({ ...given, extra: {} } satisfies CostModelOptions)

function seconds(model: CostModel, work: StepWork): number {
  const into = { seconds: 0, growth: 0, horizon: 1 }
  model.step(work, into)
  return into.seconds
}

function encoding(model: CostModel, images: ImageWork = image, work = prompt): number {
  return seconds(model, { ...work, images }) - seconds(model, work)
}

describe.each([rooflineCostModel, calibratedCostModel])('the encoder by $name', (factory) => {
  const model = made(layout(seeing, h100), factory)

  it('computes what its shape implies', () => {
    const operators = model
      .breakdown({ ...prompt, images: image })
      .filter(({ name }) => name.startsWith('vision_'))
    const flop = operators.reduce((sum, each) => sum + each.flop, 0)
    const h = 1280
    const products = 32 * (4 * h * h + 3 * h * 3420) + 3 * 2 * 14 * 14 * h
    const projector = 5120 * 5120 + 5120 * 4096
    // Two FLOP for each weight and row; four for each pair and element in full layers and windows.
    const pairs = 4 * patches * patches + 28 * patches * 64
    const expected = 2 * products * patches + 2 * projector * (patches / 4) + 4 * h * pairs
    expect(flop / expected).toBeCloseTo(1, 9)
  })

  it('takes the time of its operators, which come on top of those of the model', () => {
    const whole = { ...prompt, images: image }
    const sum = model.breakdown(whole).reduce((total, each) => total + each.seconds, 0)
    expect(sum / seconds(model, whole)).toBeCloseTo(1, 9)
    expect(seconds(model, prompt)).toBe(seconds(made(layout(llama3x8b, h100), factory), prompt))
    // 9 TFLOP: not faster than the device, and not ten times slower.
    expect(encoding(model)).toBeGreaterThan(9e12 / 989e12)
    expect(encoding(model)).toBeLessThan(10 * (9e12 / 989e12))
  })

  it('takes longer for more, and less on more devices', () => {
    const twice = {
      images: 2,
      tokens: 2 * image.tokens,
      patches: 2 * patches,
      pairs: 2 * image.pairs,
    }
    expect(encoding(model, twice)).toBeGreaterThan(1.5 * encoding(model))
    expect(encoding(model, twice)).toBeLessThan(2 * encoding(model))
    // One image of as many patches has more pairs than two.
    expect(encoding(model, { ...twice, pairs: 4 * image.pairs })).toBeGreaterThan(
      encoding(model, twice),
    )
    const four = made(layout(seeing, h100, { tensorParallel: 4 }), factory)
    expect(encoding(four)).toBeLessThan(encoding(model) / 1.5)
  })

  it('works behind context parallelism and speculative decoding', () => {
    const given = layout(seeing, h100)
    expect(encoding(new ContextParallel(model, { ...given, contextParallel: 2 }))).toBeCloseTo(
      encoding(model),
      12,
    )
    const drafted = new Speculative({
      target: model,
      draft: made(layout(llama3x8b, h100), factory),
      acceptance: [0.5],
    })
    const mixed = { ...prompt, decodes: 4, decodeContext: 4000, logits: 5 }
    expect(encoding(drafted)).toBeCloseTo(encoding(model), 12)
    expect(encoding(drafted, image, mixed)).toBeCloseTo(encoding(model), 12)
  })
})

describe('the memory of an encoder', () => {
  const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }
  const given = layout(seeing, h100)

  it('is that of its largest step, and of the images that wait as tokens', () => {
    const plain = memoryFootprint(given, options)
    const images = memoryFootprint(given, { ...options, images: true })
    // An image of 12,845,056 pixels is more than a step: 128 by 128 tokens.
    const tokens = 128 * 128
    const buffers = tokens * 4 * 2 * (2 * 1280 + 3 * 3420)
    expect(images.activationBytes).toBe(
      Math.max(plain.activationBytes, buffers) + tokens * 2 * 4096,
    )
    expect(images.kvBlocks).toBeLessThan(plain.kvBlocks)
    expect(memoryFootprint(layout(llama3x8b, h100), { ...options, images: true })).toEqual(
      memoryFootprint(layout(llama3x8b, h100), options),
    )
  })
})
