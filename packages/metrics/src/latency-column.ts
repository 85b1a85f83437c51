import type { LatencySeries } from '@llmsim/contracts'
import { figure } from './latency-summary.js'
import type { TimeGrid } from './time-grid.js'

/** Bins in each doubling: a bin is at most 1/32 of its value wide, and its middle within 1.6 %. */
const SUB_BIN_BITS = 5
const SHIFT = 20 - SUB_BIN_BITS
/** From a microsecond to twelve days; smaller and larger values share the end bins. */
const LOW_EXPONENT = -20
const HIGH_EXPONENT = 20
const FIRST = (1023 + LOW_EXPONENT) << SUB_BIN_BITS
const BINS = (HIGH_EXPONENT - LOW_EXPONENT) << SUB_BIN_BITS

const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)
/** The word with sign, exponent and the mantissa's first 20 bits, on either byte order. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** The bin of a value, from the bits of the number itself. */
function binOf(value: number): number {
  bits[0] = value
  const bin = (words[HIGH]! >>> SHIFT) - FIRST
  return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin
}

/** The smallest value of a bin. */
function lowerBound(bin: number): number {
  words[1 - HIGH] = 0
  words[HIGH] = ((bin + FIRST) << SHIFT) >>> 0
  return bits[0]!
}

/** A latency over time: its mean, and quantiles within 1.6 %, in each interval of a grid. */
export class LatencyColumn {
  readonly #counts: Float64Array
  readonly #sums: Float64Array
  readonly #bins: Float64Array

  constructor(grid: TimeGrid) {
    this.#counts = grid.column()
    this.#sums = grid.column()
    this.#bins = grid.column('sum', BINS)
  }

  /** Adds a latency, `weight` times. */
  add(interval: number, value: number, weight = 1): void {
    this.#counts[interval] = this.#counts[interval]! + weight
    this.#sums[interval] = this.#sums[interval]! + value * weight
    const at = interval * BINS + binOf(value)
    this.#bins[at] = this.#bins[at]! + weight
  }

  /** Adds `first + k * growth` for each whole `k` below `terms`, `weight` times each. */
  addSeries(interval: number, first: number, growth: number, terms: number, weight: number): void {
    if (terms < 1) return
    const last = first + (terms - 1) * growth
    const lastBin = binOf(last)
    if (binOf(first) === lastBin) {
      this.#counts[interval] = this.#counts[interval]! + terms * weight
      this.#sums[interval] =
        this.#sums[interval]! + (terms * first + (growth * terms * (terms - 1)) / 2) * weight
      const at = interval * BINS + lastBin
      this.#bins[at] = this.#bins[at]! + terms * weight
      return
    }
    for (let done = 0; done < terms;) {
      const value = first + done * growth
      const bin = binOf(value)
      let same = terms - done
      if (bin < lastBin) {
        const bound = lowerBound(bin + 1)
        same = Math.max(1, Math.min(same, Math.ceil((bound - value) / growth)))
        while (same > 1 && value + (same - 1) * growth >= bound) same--
      }
      this.add(interval, value + ((same - 1) * growth) / 2, same * weight)
      done += same
    }
  }

  /** The first `length` intervals. */
  series(length: number): LatencySeries {
    const of = (value: (interval: number) => number): (number | null)[] =>
      Array.from({ length }, (_, interval) => figure(value(interval)))
    return {
      mean: of((interval) => this.#sums[interval]! / this.#counts[interval]!),
      p50: of((interval) => this.#quantile(interval, 0.5)),
      p99: of((interval) => this.#quantile(interval, 0.99)),
    }
  }

  /** The middle of the bin that holds the value of nearest rank; NaN when empty. */
  #quantile(interval: number, q: number): number {
    const count = this.#counts[interval]!
    if (count === 0) return NaN
    const rank = q * count
    let seen = 0
    let bin = 0
    for (; bin < BINS - 1; bin++) {
      seen += this.#bins[interval * BINS + bin]!
      if (seen >= rank) break
    }
    return (lowerBound(bin) + lowerBound(bin + 1)) / 2
  }
}
