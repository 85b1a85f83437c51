/** Intervals at most; when time goes on, two become one. */
const INTERVALS = 512
const FIRST_WIDTH = 2 ** -6

/** How values of two intervals that become one are put together. */
export type Merge = 'sum' | 'max'

interface Column {
  values: Float64Array
  readonly merge: Merge
  /** Values of an interval. */
  readonly each: number
}

/**
 * Intervals of equal length from 0 s on, whose width doubles when time goes past the last one: columns
 * over them take the same memory however long a run lasts.
 */
export class TimeGrid {
  width: number = FIRST_WIDTH
  /** When the last interval that there is room for ends. */
  end: number
  readonly #intervals: number
  readonly #columns: Column[] = []

  /** @param intervals at most, an even number */
  constructor(intervals: number = INTERVALS) {
    this.#intervals = intervals
    this.end = FIRST_WIDTH * intervals
  }

  /** A column of zeros with `each` values for each interval. Its array stays the same. */
  column(merge: Merge = 'sum', each = 1): Float64Array {
    const values = new Float64Array(this.#intervals * each)
    this.#columns.push({ values, merge, each })
    return values
  }

  /** The interval of a time, which a time at its end belongs to; makes room for it. */
  intervalOf(seconds: number): number {
    while (seconds > this.end) this.#double()
    return seconds > 0 ? Math.ceil(seconds / this.width) - 1 : 0
  }

  /** Adds `amount` to a column, evenly over the time from `from` to `to`. */
  spread(column: Float64Array, from: number, to: number, amount: number): void {
    if (amount === 0) return
    const last = this.intervalOf(to)
    const first = Math.floor(from / this.width)
    if (first >= last) {
      column[last] = column[last]! + amount
      return
    }
    const density = amount / (to - from)
    const { width } = this
    column[first] = column[first]! + density * ((first + 1) * width - from)
    for (let i = first + 1; i < last; i++) column[i] = column[i]! + density * width
    column[last] = column[last]! + density * (to - last * width)
  }

  #double(): void {
    for (const { values, merge, each } of this.#columns) {
      for (let to = 0; to < this.#intervals / 2; to++)
        for (let k = 0; k < each; k++) {
          const a = values[2 * to * each + k]!
          const b = values[(2 * to + 1) * each + k]!
          values[to * each + k] = merge === 'sum' ? a + b : Math.max(a, b)
        }
      values.fill(0, (this.#intervals / 2) * each)
    }
    this.width *= 2
    this.end *= 2
  }
}
