/**
 * Routing is not even: some experts are hardly asked for, others twice as often as the average. 1 spreads
 * their shares evenly between none and twice the average; 0 makes all alike.
 */
export const POPULARITY_SPREAD = 1

function power(base: number, exponent: number): number {
  let result = 1
  let factor = base
  for (let left = Math.floor(exponent); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor
    factor *= factor
  }
  return result
}

/**
 * Routed experts that `tokens` tokens visit, each choosing `k` of `experts` independently, where the shares
 * of the experts lie evenly between `1 - spread` and `1 + spread` times the average:
 * `E (1 - integral of (1 - p)^T)`, in closed form. With a spread of 0 it is `E (1 - (1 - k / E)^T)`.
 */
export function visitedExperts(
  experts: number,
  k: number,
  tokens: number,
  spread: number = POPULARITY_SPREAD,
): number {
  const average = k / experts
  // No expert is asked for by more than all tokens.
  const half = Math.min(spread * average, 1 - average)
  const left =
    half < 1e-7
      ? power(1 - average, tokens)
      : (power(1 - average + half, tokens + 1) - power(1 - average - half, tokens + 1)) /
        (2 * half * (tokens + 1))
  return experts * (1 - left)
}
