import type { SimulationSpec } from '@llmsim/contracts'
import type { PartDistribution, PartDistributionFactory } from './part-distribution.js'

/**
 * Gaps between tokens that come in bursts: of the tokens of one step the first comes a whole step after
 * those before it, the others with it. Takes the gaps that single tokens would have, at `tokens` times their
 * rate, so that the mean stays what it is.
 */
export class TokenBursts implements PartDistribution {
  readonly #gaps: PartDistribution
  /** Tokens of a burst, on average. */
  readonly #tokens: number

  constructor(gaps: PartDistribution, tokens: number) {
    this.#gaps = gaps
    this.#tokens = tokens
  }

  add(value: number, weight = 1): void {
    this.#gaps.add(value * this.#tokens, weight / this.#tokens)
    this.#gaps.add(0, weight * (1 - 1 / this.#tokens))
  }

  addSeries(first: number, growth: number, terms: number, weight: number): void {
    const tokens = this.#tokens
    if (terms < 1 || weight === 0) return
    this.#gaps.addSeries(first * tokens, growth * tokens, terms, weight / tokens)
    this.#gaps.add(0, terms * weight * (1 - 1 / tokens))
  }

  addAll(other: TokenBursts): void {
    this.#gaps.addAll(other.#gaps)
  }

  get count(): number {
    return this.#gaps.count
  }

  get sum(): number {
    return this.#gaps.sum
  }

  get mean(): number {
    return this.#gaps.mean
  }

  get min(): number {
    return this.#gaps.min
  }

  get max(): number {
    return this.#gaps.max
  }

  get std(): number {
    return this.#gaps.std
  }

  quantile(q: number): number {
    return this.#gaps.quantile(q)
  }
}

/** Tokens that a step makes of a sequence, on average; 1 without speculative decoding. */
export function tokensPerStep(shares: readonly number[] | undefined): number {
  return shares === undefined ? 1 : shares.reduce((sum, share, i) => sum + (i + 1) * share, 0)
}

/** Makes the distributions of gaps: plain ones, or of bursts where the pools that decode speculate. */
export function gapDistributions(
  { pools }: SimulationSpec,
  newDistribution: PartDistributionFactory,
): PartDistributionFactory {
  const tokens = Math.max(...pools.map(({ tokenShares }) => tokensPerStep(tokenShares)))
  return tokens === 1 ? newDistribution : () => new TokenBursts(newDistribution(), tokens)
}
