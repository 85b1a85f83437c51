import { portableExp, portableLog } from './portable-math.js'
import { type RandomStream } from './random-stream.js'

/*
 * Ziggurat of 256 layers: Marsaglia and Tsang, "The ziggurat method for generating random
 * variables", Journal of Statistical Software 5(8), 2000, with the layer and the position drawn
 * from different bits (Doornik, "An improved ziggurat method", 2005).
 */
const layers = 256
/** Where the tail starts, and the area of each layer under e^(-x^2 / 2). */
const tail = 3.6541528853610088
const area = 0.004928673233974655
const scale = 1 / 4503599627370496

/** Right edges of the layers, and e^(-x^2 / 2) at them. */
interface Layers {
  readonly edges: Float64Array
  readonly heights: Float64Array
}

let built: Layers | undefined

function build(): Layers {
  const edges = new Float64Array(layers + 1)
  const heights = new Float64Array(layers + 1)
  heights[1] = portableExp(-0.5 * tail * tail)
  edges[0] = area / heights[1]
  edges[1] = tail
  for (let i = 2; i < layers; i++) {
    heights[i] = heights[i - 1]! + area / edges[i - 1]!
    edges[i] = Math.sqrt(-2 * portableLog(heights[i]!))
  }
  heights[layers] = 1
  return { edges, heights }
}

/** A draw from the normal distribution with mean 0 and standard deviation 1. */
export function drawNormal(stream: RandomStream): number {
  const { edges, heights } = (built ??= build())
  for (;;) {
    const first = stream.nextBits()
    const second = stream.nextBits()
    // 27 + 26 bits for the signed position, 8 of the 11 others for the layer.
    const layer = (first & 31) | ((second & 7) << 5)
    const x = (((first >>> 5) * 67108864 + (second >>> 6)) * scale - 1) * edges[layer]!
    if (Math.abs(x) < edges[layer + 1]!) return x
    if (layer === 0) return x < 0 ? -drawTail(stream) : drawTail(stream)
    const low = heights[layer]!
    if (low + stream.next() * (heights[layer + 1]! - low) < portableExp(-0.5 * x * x)) return x
  }
}

/** A draw beyond {@link tail}: Marsaglia, "Generating a variable from the tail", 1964. */
function drawTail(stream: RandomStream): number {
  for (;;) {
    const beyond = -portableLog(stream.nextOpen()) / tail
    if (-2 * portableLog(stream.nextOpen()) > beyond * beyond) return tail + beyond
  }
}
