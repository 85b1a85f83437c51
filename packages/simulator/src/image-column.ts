import type { ImageUse, ImageWork, RequestDraft, Slot, StepWork } from '@llmsim/contracts'
import { widened } from './prompt-contents.js'

/** The images of requests, by slot; only in runs where requests may have any. */
export class ImageColumn {
  /** Requests with images, those images and their tokens; and images that were encoded. */
  /** Whether they are encoded in the steps that compute their prompts. */
  readonly withPrompts: boolean
  #requests = 0
  #images = 0
  #imageTokens = 0
  #encoded = 0
  readonly #one: ImageWork = { images: 1, tokens: 0, patches: 0, pairs: 0 }
  #counts: Int32Array = new Int32Array(64)
  /** Of one image of the request: tokens, patches, and pairs of patches. */
  #tokens: Int32Array = new Int32Array(64)
  #patches: Int32Array = new Int32Array(64)
  #pairs: Float64Array = new Float64Array(64)
  /** Tokens of the prompt in front of them. */
  #offsets: Int32Array = new Int32Array(64)

  constructor(withPrompts: boolean) {
    this.withPrompts = withPrompts
  }

  open(slot: Slot, { images }: RequestDraft): void {
    if (slot >= this.#counts.length) this.#grow(slot)
    this.#counts[slot] = images?.count ?? 0
    if (images === undefined) return
    this.#tokens[slot] = images.tokens
    this.#patches[slot] = images.patches
    this.#pairs[slot] = images.pairs
    this.#offsets[slot] = images.offset
    this.#requests++
    this.#images += images.count
    this.#imageTokens += images.count * images.tokens
  }

  countOf(slot: Slot): number {
    return this.#counts[slot]!
  }

  /** One image of a request that has some; the object is used again. */
  imageOf(slot: Slot): ImageWork {
    const image = this.#one
    image.tokens = this.#tokens[slot]!
    image.patches = this.#patches[slot]!
    image.pairs = this.#pairs[slot]!
    return image
  }

  /** What became of all images, as the results file has it. */
  use(encoded: number = this.#encoded): ImageUse {
    return {
      requests: this.#requests,
      images: this.#images,
      tokens: this.#imageTokens,
      encoded_images: encoded,
    }
  }

  /**
   * A step computes `tokens` tokens of a request behind `done` ones, and encodes the images that begin among
   * them; one that has begun is encoded already, unless the request `starts`, behind what a prefix cache has.
   */
  add(into: ImageWork, slot: Slot, done: number, tokens: number, starts: boolean): void {
    const count = this.#counts[slot]!
    if (count === 0) return
    const each = this.#tokens[slot]!
    const from = Math.max(0, done - this.#offsets[slot]!) / each
    const to = Math.max(0, done + tokens - this.#offsets[slot]!) / each
    const first = starts ? Math.floor(from) : Math.ceil(from)
    const images = Math.min(count, Math.ceil(to)) - Math.min(count, first)
    if (images <= 0) return
    into.images += images
    into.tokens += images * each
    into.patches += images * this.#patches[slot]!
    into.pairs += images * this.#pairs[slot]!
    this.#encoded += images
  }

  #grow(slot: Slot): void {
    const length = Math.max(this.#counts.length * 2, slot + 1)
    this.#counts = widened(this.#counts, length)
    this.#tokens = widened(this.#tokens, length)
    this.#patches = widened(this.#patches, length)
    this.#offsets = widened(this.#offsets, length)
    const pairs = new Float64Array(length)
    pairs.set(this.#pairs)
    this.#pairs = pairs
  }
}

/** The images of a step that has none. */
export function noImages(): ImageWork {
  return { images: 0, tokens: 0, patches: 0, pairs: 0 }
}

/** A step begins to be planned: nothing is encoded in it yet. */
export function clearImages(work: StepWork, images: ImageWork): void {
  work.images = images
  images.images = 0
  images.tokens = 0
  images.patches = 0
  images.pairs = 0
}
