import { portableExp, portableLog } from './portable-math.js'
import { type RandomStream } from './random-stream.js'

/**
 * Draws k from 1 to n with a probability proportional to k^-exponent, in a time that does not
 * depend on n: rejection-inversion, Hörmann and Derflinger, "Rejection-inversion to generate
 * variates from monotone discrete distributions", ACM TOMACS 6(3), 1996.
 *
 * @throws RangeError when n is not an integer from 1 to 2^53 - 1, or the exponent is negative or
 * not finite.
 */
export function zipfSampler(stream: RandomStream, n: number, exponent: number): () => number {
  if (!Number.isSafeInteger(n) || n < 1)
    throw new RangeError(`zipfSampler: given n = ${n}; accepted: a positive integer`)
  if (!(exponent >= 0 && exponent < Infinity))
    throw new RangeError(`zipfSampler: given the exponent ${exponent}; accepted: at least 0`)
  if (n === 1) return () => 1

  const first = integral(1.5, exponent) - 1
  const last = integral(n + 0.5, exponent)
  const shortcut = 2 - inverseIntegral(integral(2.5, exponent) - density(2, exponent), exponent)
  return () => {
    for (;;) {
      const u = last + stream.next() * (first - last)
      const x = inverseIntegral(u, exponent)
      const k = Math.min(Math.max(Math.floor(x + 0.5), 1), n)
      if (k - x <= shortcut) return k
      if (u >= integral(k + 0.5, exponent) - density(k, exponent)) return k
    }
  }
}

/** x^-exponent. */
function density(x: number, exponent: number): number {
  return portableExp(-exponent * portableLog(x))
}

/** The integral of the density from 1 to x: (x^(1 - s) - 1) / (1 - s), log x for s = 1. */
function integral(x: number, exponent: number): number {
  const logarithm = portableLog(x)
  return expMinus1Ratio((1 - exponent) * logarithm) * logarithm
}

function inverseIntegral(y: number, exponent: number): number {
  // Rounding can push the argument below the pole of the logarithm.
  const t = Math.max(y * (1 - exponent), -1)
  return portableExp(log1pRatio(t) * y)
}

/** (e^x - 1) / x without the loss of digits near 0 (Kahan). */
function expMinus1Ratio(x: number): number {
  const power = portableExp(x)
  return power === 1 ? 1 : power === 0 ? -1 / x : (power - 1) / portableLog(power)
}

/** log(1 + x) / x without the loss of digits near 0 (Kahan). */
function log1pRatio(x: number): number {
  const sum = 1 + x
  return sum === 1 ? 1 : portableLog(sum) / (sum - 1)
}
