import type { Distribution } from '@llmsim/contracts'

/** Keeps every value with its weight: exact quantiles, memory that grows with the sample. */
export class ExactDistribution implements Distribution {
  count: number = 0
  sum: number = 0
  min: number = NaN
  max: number = NaN
  #values: Float64Array = new Float64Array(1024)
  #weights: Float64Array = new Float64Array(1024)
  #size = 0
  #shift = 0
  #shiftedSum = 0
  #shiftedSquares = 0
  /** Value order, with the weights up to and with each; made when a quantile is asked for. */
  #sorted: { values: Float64Array; ranks: Float64Array } | undefined

  add(value: number, weight = 1): void {
    if (!(value >= 0)) throw new RangeError(`a latency of ${value}`)
    if (this.#size === 0) {
      this.#shift = value
      this.min = value
      this.max = value
    } else if (value < this.min) this.min = value
    else if (value > this.max) this.max = value
    if (this.#size === this.#values.length) this.#grow()
    this.#values[this.#size] = value
    this.#weights[this.#size++] = weight
    this.count += weight
    this.sum += value * weight
    const deviation = value - this.#shift
    this.#shiftedSum += deviation * weight
    this.#shiftedSquares += deviation * deviation * weight
    this.#sorted = undefined
  }

  addSeries(first: number, growth: number, terms: number, weight: number): void {
    for (let k = 0; k < terms; k++) this.add(first + k * growth, weight)
  }

  /** Adds all that another one holds. */
  addAll(other: ExactDistribution): void {
    for (let i = 0; i < other.#size; i++) this.add(other.#values[i]!, other.#weights[i])
  }

  get mean(): number {
    return this.sum / this.count
  }

  get std(): number {
    const mean = this.#shiftedSum / this.count
    return Math.sqrt(Math.max(0, this.#shiftedSquares / this.count - mean * mean))
  }

  quantile(q: number): number {
    if (this.#size === 0) return NaN
    const { values, ranks } = (this.#sorted ??= this.#sort())
    // Weights may be fractions, whose sums depend on their order in the last bits.
    const rank = q * this.count * (1 - 1e-12)
    let low = 0
    let high = this.#size - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (ranks[middle]! >= rank) high = middle
      else low = middle + 1
    }
    return values[low]!
  }

  #grow(): void {
    const values = new Float64Array(this.#size * 2)
    values.set(this.#values)
    this.#values = values
    const weights = new Float64Array(this.#size * 2)
    weights.set(this.#weights)
    this.#weights = weights
  }

  #sort(): { values: Float64Array; ranks: Float64Array } {
    const order = new Uint32Array(this.#size)
    for (let i = 0; i < order.length; i++) order[i] = i
    order.sort((a, b) => this.#values[a]! - this.#values[b]!)
    const values = new Float64Array(this.#size)
    const ranks = new Float64Array(this.#size)
    let rank = 0
    order.forEach((from, to) => {
      values[to] = this.#values[from]!
      rank += this.#weights[from]!
      ranks[to] = rank
    })
    return { values, ranks }
  }
}
