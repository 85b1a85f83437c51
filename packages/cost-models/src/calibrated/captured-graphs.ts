/** Graphs that an engine captured for steps of certain sizes: what does not fill one is padded. */
export class CapturedGraphs {
  readonly #largest: number
  /** By the tokens of a step, those of the smallest graph that holds them. */
  readonly #padded: Uint32Array

  /** `sizes`: tokens of each graph; none: steps are as large as their work. */
  constructor(sizes: readonly number[]) {
    const sorted = sizes.toSorted((a, b) => a - b)
    this.#largest = sorted[sorted.length - 1] ?? 0
    this.#padded = new Uint32Array(this.#largest + 1)
    let index = 0
    for (let tokens = 1; tokens <= this.#largest; tokens++) {
      if (tokens > sorted[index]!) index++
      this.#padded[tokens] = sorted[index]!
    }
  }

  /** Tokens that a step with so many (a mean step: a fraction) computes; as many where no graph is large enough. */
  tokens(count: number): number {
    return count <= this.#largest ? this.#padded[Math.ceil(count)]! : count
  }
}
