import type { PromptImages, RequestDraft, RequestSource } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { withImages, type ImageMix } from './prompt-images.js'
import { withSharedPrefixes } from './prompt-prefixes.js'
import { syntheticSource } from './synthetic-source.js'

interface Drawn {
  readonly promptTokens: number
  readonly images: PromptImages | undefined
  readonly known: number
}

function drawn(source: RequestSource, count: number): Drawn[] {
  return Array.from({ length: count }, () => {
    const draft: RequestDraft = {
      arrivalSeconds: 0,
      promptTokens: 0,
      outputTokens: 0,
      sessionId: -1,
      priority: 0,
    }
    source.next(draft)
    const { images, promptBlocks: blocks } = draft
    return {
      promptTokens: draft.promptTokens,
      images: images && { ...images },
      known: blocks === undefined ? 0 : blocks.count * blocks.blockTokens,
    }
  })
}

const text = (mean = 100): RequestSource =>
  syntheticSource({
    arrivals: { process: 'poisson', ratePerSecond: 1 },
    input: { distribution: 'fixed', mean },
    output: { distribution: 'fixed', mean: 3 },
    seed: 4,
  })
const small = { tokens: 64, patches: 256, pairs: 65536, weight: 3 }
const large = { tokens: 256, patches: 1024, pairs: 1048576, weight: 1 }
const mix: ImageMix = { counts: [1, 2, 1], sizes: [small, large], seed: 4 }

describe('withImages', () => {
  it('draws how many and how large, and adds their tokens to the text', () => {
    const requests = drawn(withImages(text(), mix), 4000)
    const share = (of: (each: Drawn) => boolean): number => requests.filter(of).length / 4000
    expect(share(({ images }) => images === undefined)).toBeCloseTo(0.25, 1)
    expect(share(({ images }) => images?.count === 2)).toBeCloseTo(0.25, 1)
    expect(share(({ images }) => images?.tokens === 64) / 0.75).toBeCloseTo(0.75, 1)
    for (const { promptTokens, images } of requests) {
      const added = images === undefined ? 0 : images.count * images.tokens
      expect(promptTokens).toBe(100 + added)
      if (images !== undefined) expect(images.offset).toBe(0)
    }
  })

  it('puts them behind what the ids of a prompt stand for', () => {
    const alike = (tokens: number, length: number) =>
      withImages(withSharedPrefixes(text(length), { tokens, count: 1, seed: 1 }), {
        ...mix,
        counts: [0, 1],
      })
    expect(drawn(alike(64, 100), 1)[0]).toMatchObject({ known: 64, images: { offset: 64 } })
    // A text that is shorter than what its id stands for.
    expect(drawn(alike(64, 40), 1)[0]).toMatchObject({ known: 0, images: { offset: 0 } })
  })

  it.each([[[0, 0]], [[-1, 2]], [[NaN]]])('refuses %j as weights', (counts) => {
    expect(() => withImages(text(), { ...mix, counts })).toThrow(/per_request/)
  })
})
