import { z } from 'zod'

const count = z.int().positive()

/** Images keep their shape: sides are rounded to whole tokens, within bounds of the area (Qwen2-VL and later). */
const NativeImages = z.strictObject({
  kind: z.literal('native'),
  /** Patches per side that become one token. */
  merge: count,
  /** Smaller and larger images are scaled, in pixels. */
  min_pixels: count,
  max_pixels: count,
})

/** Each image is scaled to one square (Gemma 3). */
const FixedImages = z.strictObject({
  kind: z.literal('fixed'),
  /** Pixels per side. */
  size: count,
  /** Tokens of an image. */
  tokens: count,
})

/** An image is cut to square tiles, each encoded by itself, and one of the whole where there are several (Llama 4). */
const TiledImages = z.strictObject({
  kind: z.literal('tiles'),
  /** Pixels per side of a tile, and tokens that one becomes. */
  size: count,
  tokens: count,
  max_tiles: count,
})

/** An encoder of images, as its published configuration describes it: a vision transformer and a projector. */
export const VisionEncoder = z.strictObject({
  layers: count,
  hidden_size: count,
  heads: count,
  intermediate_size: count,
  /** Gated networks: three matrices rather than two. */
  gated: z.boolean().default(false),
  /** Pixels per side of a patch. */
  patch_size: count,
  /** Frames that one patch spans: an image stands for all of them. */
  frames: count.default(1),
  /** So many layers attend within windows of so many patches; the others see the whole image, or tile. */
  window: z.strictObject({ patches: count, layers: count }).optional(),
  /** Widths from what enters the projector, merged patches, to the hidden size of the model. */
  projector: z.array(count).min(2),
  images: z.discriminatedUnion('kind', [NativeImages, FixedImages, TiledImages]),
})
export type VisionEncoder = z.infer<typeof VisionEncoder>

/** What one image is to the model and its encoder. */
export interface ImageSize {
  /** Tokens that it adds to a prompt. */
  readonly tokens: number
  /** Patches that its encoder computes. */
  readonly patches: number
  /** Pairs of patches that a layer without windows attends over. */
  readonly pairs: number
}

/**
 * An image of so many pixels. What marks its beginning, its end and its rows counts as text.
 *
 * Sources: `smart_resize` of Qwen2-VL's and `get_best_fit` of Llama 4's image processors (transformers).
 */
export function imageSize(vision: VisionEncoder, width: number, height: number): ImageSize {
  const { images, patch_size: patch } = vision
  if (images.kind === 'native') {
    const unit = patch * images.merge
    const patches = nativeArea(images, unit, width, height) / (patch * patch)
    return { tokens: patches / images.merge ** 2, patches, pairs: patches * patches }
  }
  const square = Math.floor(images.size / patch) ** 2
  const tiles = images.kind === 'fixed' ? 1 : tilesOf(images, width, height)
  return {
    tokens: tiles * images.tokens,
    patches: tiles * square,
    pairs: tiles * square * square,
  }
}

/** Pixels of an image whose sides are whole tokens of `unit` pixels, within the bounds. */
function nativeArea(
  { min_pixels: least, max_pixels: most }: z.infer<typeof NativeImages>,
  unit: number,
  width: number,
  height: number,
): number {
  const side = (length: number, round: (x: number) => number): number =>
    Math.max(unit, round(length / unit) * unit)
  const area = side(width, Math.round) * side(height, Math.round)
  if (area > most) {
    const factor = Math.sqrt((width * height) / most)
    return side(width / factor, Math.floor) * side(height / factor, Math.floor)
  }
  if (area >= least) return area
  const factor = Math.sqrt(least / (width * height))
  return side(width * factor, Math.ceil) * side(height * factor, Math.ceil)
}

/** Tiles of the canvas that an image fits best, the whole image as one more where there are several. */
function tilesOf(
  { size, max_tiles: most }: z.infer<typeof TiledImages>,
  width: number,
  height: number,
): number {
  let best = 1
  let bestScale = 0
  for (let columns = 1; columns <= most; columns++)
    for (let rows = 1; rows * columns <= most; rows++) {
      const scale = Math.min((columns * size) / width, (rows * size) / height)
      // The least that does not shrink it; else that which shrinks it least; of equals the smallest.
      const better = bestScale >= 1 ? scale >= 1 && scale < bestScale : scale > bestScale
      const smaller = scale === bestScale && rows * columns < best
      if (!better && !smaller) continue
      best = rows * columns
      bestScale = scale
    }
  return best > 1 ? best + 1 : 1
}
