import {
  SimulatorError,
  type ImageSize,
  type PromptBlocks,
  type PromptImages,
  type RequestDraft,
  type RequestSource,
} from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { changedSource } from './changed-source.js'
import { tokenLimit } from './length-distribution.js'

/** Images that prompts have beside their text. */
export interface ImageMix {
  /** Weights of no image, one, two, … in a request. */
  readonly counts: readonly number[]
  /** Sizes of images, those of one request all the same, with their weights. */
  readonly sizes: readonly (ImageSize & { readonly weight: number })[]
  /** An integer of at most 2^53 - 1 in size. */
  readonly seed: number
}

/**
 * The same requests with images, whose tokens come on top of those of the text: behind the tokens that the source
 * knows the ids of, in front of all others. How many, and of which size, is drawn from the stream `images`.
 *
 * @throws SimulatorError INVALID_VALUE for weights that are no shares of anything.
 */
export function withImages(
  source: RequestSource,
  { counts, sizes, seed }: ImageMix,
): RequestSource {
  const drawCount = weighted('images.per_request', counts)
  const drawSize = weighted(
    'images.sizes',
    sizes.map(({ weight }) => weight),
  )
  const stream = randomStream(seed, 'images')
  const images: PromptImages = { count: 0, tokens: 0, patches: 0, pairs: 0, offset: 0 }
  const blocks: PromptBlocks = { ids: [], count: 0, blockTokens: 1 }
  return changedSource(source, (into) => {
    const count = drawCount(stream.next())
    const size = sizes[drawSize(stream.next())]!
    if (count === 0) return
    images.count = count
    images.tokens = size.tokens
    images.patches = size.patches
    images.pairs = size.pairs
    images.offset = knownTokens(into, blocks)
    into.images = images
    into.promptTokens = Math.min(tokenLimit, into.promptTokens + count * size.tokens)
  })
}

/** Tokens of a prompt that ids stand for; an id that stands for more than is left is forgotten. */
function knownTokens(into: RequestDraft, blocks: PromptBlocks): number {
  const { promptBlocks: known, promptTokens } = into
  if (known === undefined) return 0
  blocks.ids = known.ids
  blocks.blockTokens = known.blockTokens
  blocks.count = Math.min(known.count, Math.floor(promptTokens / known.blockTokens))
  into.promptBlocks = blocks
  return blocks.count * blocks.blockTokens
}

/** The index that a number from [0, 1) falls to, by weights. */
function weighted(path: string, weights: readonly number[]): (share: number) => number {
  const sums: number[] = []
  let sum = 0
  for (const weight of weights) sums.push((sum += weight))
  if (!(sum > 0 && sum < Infinity) || weights.some((weight) => !(weight >= 0)))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: `workload.${path}`,
      message: 'are no weights',
      given: weights,
      accepted: 'numbers from 0 on, of which one is not 0',
    })
  return (share) => {
    const at = share * sum
    let index = sums.findIndex((limit) => at < limit)
    // Rounding may leave the last one out.
    if (index < 0) index = sums.findLastIndex((_limit, i) => weights[i]! > 0)
    return index
  }
}
