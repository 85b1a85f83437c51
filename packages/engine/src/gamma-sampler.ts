import { drawExponential } from './exponential-sampler.js'
import { drawNormal } from './normal-sampler.js'
import { portableExp, portableLog } from './portable-math.js'
import { type RandomStream } from './random-stream.js'

/**
 * Draws from the gamma distribution of a shape and scale 1 (so both its mean and its variance are
 * the shape): Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26,
 * 2000. Below shape 1, a draw of shape + 1 times U^(1 / shape), as they propose.
 *
 * @throws RangeError when the shape is not a positive, finite number.
 */
export function gammaSampler(stream: RandomStream, shape: number): () => number {
  if (!(shape > 0 && shape < Infinity))
    throw new RangeError(`gammaSampler: given the shape ${shape}; accepted: above 0`)
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  const draw = (): number => {
    for (;;) {
      const x = drawNormal(stream)
      const root = 1 + c * x
      if (root <= 0) continue
      const v = root * root * root
      const u = stream.nextOpen()
      const square = x * x
      if (u < 1 - 0.0331 * square * square) return d * v
      if (portableLog(u) < 0.5 * square + d * (1 - v + portableLog(v))) return d * v
    }
  }
  if (shape >= 1) return draw
  // The logarithm of a uniform draw is minus an exponential one.
  return () => draw() * portableExp(-drawExponential(stream) / shape)
}
