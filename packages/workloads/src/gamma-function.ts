import { portableExp, portableLog } from '@llmsim/engine'

/** Lanczos' coefficients for g = 7 and 9 terms (Godfrey, 2001): a relative error below 1e-14. */
const coefficients = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]
const halfLogTwoPi = 0.9189385332046727

/** The natural logarithm of the gamma function of x, for x of 1/2 and more. */
export function logGamma(x: number): number {
  const y = x - 1
  let sum = coefficients[0]!
  for (let i = 1; i < coefficients.length; i++) sum += coefficients[i]! / (y + i)
  const t = y + 7.5
  return halfLogTwoPi + (y + 0.5) * portableLog(t) - t + portableLog(sum)
}

/** The gamma function of x, for x of 1/2 and more. */
export function gammaFunction(x: number): number {
  return portableExp(logGamma(x))
}
