/*
 * Student's t distribution from + - * / and square roots alone, which IEEE 754 rounds in one way: an
 * interval has the same bits on every machine. Degrees of freedom need not be whole (Welch's test).
 *
 * The tail is the regularised incomplete beta function I_x(v/2, 1/2) at x = v / (v + t^2)
 * (NIST Digital Library of Mathematical Functions, 8.17), by its continued fraction (8.17.22).
 */

/**
 * P(|T| > |t|) for T of Student's t distribution: the p-value of a two-sided test.
 *
 * @param degrees degrees of freedom, above 0; NaN otherwise. An infinite t has the tail 0.
 */
export function studentTTwoSidedTail(t: number, degrees: number): number {
  if (!(degrees > 0) || Number.isNaN(t)) return NaN
  const square = t * t
  if (square === Infinity) return 0
  const a = degrees / 2
  const x = degrees / (degrees + square)
  const rest = square / (degrees + square)
  // x^a (1 - x)^(1/2) / B(a, 1/2), where B(a, 1/2) = Gamma(a) sqrt(pi) / Gamma(a + 1/2).
  const front = (power(x, a) * Math.sqrt(rest) * gammaRatio(a)) / Math.sqrt(Math.PI)
  // The fraction converges fast on one side of the mean of the beta distribution.
  return x < (a + 1) / (a + 2.5)
    ? (front * betaFraction(a, 0.5, x)) / a
    : 1 - (front * betaFraction(0.5, a, rest)) / 0.5
}

/**
 * The t above which a share of (1 - level) / 2 lies: mean +- t * standard error is the interval that
 * has the true mean with the probability `level`.
 *
 * @param level in [0, 1): NaN otherwise, as for degrees of freedom not above 0.
 */
export function studentTQuantile(level: number, degrees: number): number {
  if (!(level >= 0 && level < 1 && degrees > 0)) return NaN
  const tail = 1 - level
  let high = 1
  while (studentTTwoSidedTail(high, degrees) > tail && high < Infinity) high *= 2
  let low = high === 1 ? 0 : high / 2
  for (;;) {
    const middle = low + (high - low) / 2
    if (middle <= low || middle >= high) return high
    if (studentTTwoSidedTail(middle, degrees) > tail) low = middle
    else high = middle
  }
}

/** The continued fraction of the incomplete beta function, by Lentz's method in its modified form. */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    const factor = d * c
    value *= factor
    if (Math.abs(factor - 1) < 1e-16) break
  }
  return value
}

/** x^y for x in [0, 1] and y > 0: squares for the whole part of y, square roots for the rest. */
function power(x: number, y: number): number {
  let result = 1
  let factor = x
  for (let whole = Math.floor(y); whole > 0; whole = Math.floor(whole / 2)) {
    if (whole % 2 === 1) result *= factor
    factor *= factor
  }
  let root = x
  for (let rest = y - Math.floor(y); rest > 0;) {
    root = Math.sqrt(root)
    rest *= 2
    if (rest < 1) continue
    result *= root
    rest -= 1
  }
  return result
}

/** Gamma(a + 1/2) / Gamma(a), by its asymptotic series (DLMF 5.11.13) after a + k is large. */
function gammaRatio(a: number): number {
  let factor = 1
  let z = a
  // Gamma(z + 1/2) / Gamma(z) = z / (z + 1/2) times the same of z + 1.
  while (z < 40) {
    factor *= z / (z + 0.5)
    z += 1
  }
  const y = 1 / z
  const series =
    1 +
    y *
      (-1 / 8 +
        y *
          (1 / 128 +
            y *
              (5 / 1024 +
                y *
                  (-21 / 32768 +
                    y * (-399 / 262144 + y * (869 / 4194304 + (y * 39325) / 33554432))))))
  return factor * Math.sqrt(z) * series
}
