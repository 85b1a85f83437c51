import type { PromptImages, RequestDraft, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in a quarter of the cases with images in prompts, from few tokens to most of one. */
export function withRandomImages(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 8_000_009)
  if (!random.chance(0.25)) return spec
  const { source } = spec
  const images: PromptImages = { count: 0, tokens: 0, patches: 0, pairs: 0, offset: 0 }
  return {
    ...spec,
    images: true,
    source: {
      ...source,
      next(into: RequestDraft): boolean {
        if (!source.next(into)) return false
        const tokens = random.pick([1, 7, 16, 100])
        const most = Math.floor(into.promptTokens / tokens)
        if (most === 0 || random.chance(0.3)) return true
        images.count = random.whole(1, most)
        images.tokens = tokens
        images.patches = 4 * tokens
        images.pairs = images.patches ** 2
        images.offset = random.whole(0, into.promptTokens - images.count * tokens)
        into.images = images
        return true
      },
    },
  }
}
