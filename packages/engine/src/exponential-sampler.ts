import { portableExp, portableLog } from './portable-math.js'
import { type RandomStream } from './random-stream.js'

/*
 * Ziggurat of 256 layers: Marsaglia and Tsang, "The ziggurat method for generating random
 * variables", Journal of Statistical Software 5(8), 2000, with the layer and the position drawn
 * from different bits (Doornik, "An improved ziggurat method", 2005).
 */
const layers = 256
/** Where the tail starts, and the area of each layer: (r + 1) e^-r. */
const tail = 7.69711747013105
const scale = 1 / 9007199254740992

/** Right edges of the layers, and e^-x at them; the lowest layer's edge stands for the tail too. */
interface Layers {
  readonly edges: Float64Array
  readonly heights: Float64Array
}

let built: Layers | undefined

function build(): Layers {
  const edges = new Float64Array(layers + 1)
  const heights = new Float64Array(layers + 1)
  const area = (tail + 1) * portableExp(-tail)
  edges[0] = area / portableExp(-tail)
  edges[1] = tail
  heights[1] = portableExp(-tail)
  for (let i = 2; i < layers; i++) {
    heights[i] = heights[i - 1]! + area / edges[i - 1]!
    edges[i] = -portableLog(heights[i]!)
  }
  heights[layers] = 1
  return { edges, heights }
}

/** A draw from the exponential distribution with mean 1. */
export function drawExponential(stream: RandomStream): number {
  const { edges, heights } = (built ??= build())
  let base = 0
  for (;;) {
    const first = stream.nextBits()
    const second = stream.nextBits()
    // 27 + 26 bits for the position, 8 of the 11 others for the layer.
    const layer = (first & 31) | ((second & 7) << 5)
    const x = ((first >>> 5) * 67108864 + (second >>> 6)) * scale * edges[layer]!
    if (x < edges[layer + 1]!) return base + x
    if (layer === 0) {
      // What lies beyond the tail's start is distributed like the whole.
      base += tail
      continue
    }
    const low = heights[layer]!
    if (low + stream.next() * (heights[layer + 1]! - low) < portableExp(-x)) return base + x
  }
}
