import { portableExp, portableLog } from '@llmsim/engine'

/** Terms of the sums that are added one by one. */
const head = 64

/**
 * The exponent s >= 0 at which a distribution over 1 to n with probabilities proportional to k^-s
 * has the given mean, found by bisection. The mean falls from (n + 1) / 2 at s = 0 towards 1.
 */
export function zipfExponent(n: number, mean: number): number {
  let low = 0
  let high = 1
  while (high < 64 && zipfMean(n, high) > mean) high *= 2
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (zipfMean(n, middle) > mean) low = middle
    else high = middle
  }
  return low
}

function zipfMean(n: number, exponent: number): number {
  return powerSum(n, exponent - 1) / powerSum(n, exponent)
}

/** The sum of k^-s for k from 1 to n: Euler and Maclaurin's formula after the first terms. */
function powerSum(n: number, s: number): number {
  let sum = 0
  const last = Math.min(n, head)
  for (let k = 1; k <= last; k++) sum += power(k, -s)
  if (n === last) return sum
  const from = head + 1
  const slope = (s / 12) * (power(from, -s - 1) - power(n, -s - 1))
  return sum + integral(from, n, s) + (power(from, -s) + power(n, -s)) / 2 + slope
}

/** The integral of x^-s over [from, to]. */
function integral(from: number, to: number, s: number): number {
  const logarithm = portableLog(to / from)
  const y = (1 - s) * logarithm
  // Near s = 1, (e^y - 1) / y by its first terms.
  const ratio = Math.abs(y) < 1e-5 ? 1 + y / 2 + (y * y) / 6 : (portableExp(y) - 1) / y
  return power(from, 1 - s) * logarithm * ratio
}

function power(x: number, y: number): number {
  return portableExp(y * portableLog(x))
}
