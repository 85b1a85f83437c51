/** Buckets in each doubling: a bucket is at most 1/128 of its value wide. */
const SUB_BUCKET_BITS = 7
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS
const SHIFT = 20 - SUB_BUCKET_BITS
/** Values from 2^-40 to 2^40 have buckets of their own; smaller and larger ones share the end buckets. */
const LOW_EXPONENT = -40
const HIGH_EXPONENT = 40
const FIRST = (1023 + LOW_EXPONENT) << SUB_BUCKET_BITS
const BUCKETS = (HIGH_EXPONENT - LOW_EXPONENT) << SUB_BUCKET_BITS

const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)
/** The word with sign, exponent and the mantissa's first 20 bits, on either byte order. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** The bucket of a positive value, from the bits of the number itself: no logarithm is taken. */
function bucketOf(value: number): number {
  bits[0] = value
  const bucket = (words[HIGH]! >>> SHIFT) - FIRST
  return bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS - 1 : bucket
}

/** The smallest value of a bucket. */
function lowerBound(bucket: number): number {
  words[1 - HIGH] = 0
  words[HIGH] = ((bucket + FIRST) << SHIFT) >>> 0
  return bits[0]!
}

/**
 * A histogram of values from 0 up with logarithmic buckets, whose quantiles are within 0.4 % of the
 * exact ones (half of 1/128, for values between 2^-40 and 2^40); count, sum, mean, minimum and
 * maximum are exact. Adding takes a few nanoseconds and allocates nothing.
 */
export class LogHistogram {
  count: number = 0
  sum: number = 0
  min: number = NaN
  max: number = NaN
  /** Counts of the buckets from `#first` on: only as wide as the values are apart. */
  #counts: Float64Array = new Float64Array(0)
  #first = 0
  /** The same as the bits of a number count it. */
  #offset = FIRST
  #zeros = 0
  /** Squares are summed about the first value, so that equal values have no deviation. */
  #shift = 0
  #shiftedSum = 0
  #shiftedSquares = 0

  /** Adds a value of 0 or more, `weight` times. Errors: RangeError on a negative value or NaN. */
  add(value: number, weight = 1): void {
    if (!(value >= this.min && value <= this.max)) this.#widen(value)
    this.count += weight
    this.sum += value * weight
    const deviation = value - this.#shift
    this.#shiftedSum += deviation * weight
    this.#shiftedSquares += deviation * deviation * weight
    bits[0] = value
    const at = (words[HIGH]! >>> SHIFT) - this.#offset
    const counts = this.#counts
    if (at >= 0 && at < counts.length) counts[at] = counts[at]! + weight
    else if (value === 0) this.#zeros += weight
    else this.#count(bucketOf(value), weight)
  }

  /** Adds `first + k * growth` for each whole `k` below `terms`, `weight` times each, in closed form. */
  addSeries(first: number, growth: number, terms: number, weight: number): void {
    if (terms < 1 || weight === 0) return
    const last = first + (terms - 1) * growth
    if (terms === 1 || first === last) {
      this.add(first, terms * weight)
      return
    }
    if (growth < 0) {
      this.addSeries(last, -growth, terms, weight)
      return
    }
    if (!(first >= 0)) throw new RangeError(`a latency of ${first}`)
    if (this.count === 0) this.#start(first)
    if (first < this.min) this.min = first
    if (last > this.max) this.max = last
    const triangle = (terms * (terms - 1)) / 2
    const pyramid = (triangle * (2 * terms - 1)) / 3
    const deviation = first - this.#shift
    this.count += terms * weight
    this.sum += (terms * first + growth * triangle) * weight
    this.#shiftedSum += (terms * deviation + growth * triangle) * weight
    this.#shiftedSquares +=
      (terms * deviation * deviation +
        2 * deviation * growth * triangle +
        growth * growth * pyramid) *
      weight
    this.#fill(first, growth, terms, weight)
  }

  #fill(first: number, growth: number, terms: number, weight: number): void {
    let done = 0
    if (first === 0) {
      this.#zeros += weight
      done = 1
    }
    const lastBucket = bucketOf(first + (terms - 1) * growth)
    while (done < terms) {
      const bucket = bucketOf(first + done * growth)
      let end = terms
      if (bucket < lastBucket) {
        const bound = lowerBound(bucket + 1)
        end = Math.max(done + 1, Math.min(terms, Math.ceil((bound - first) / growth)))
        while (end > done + 1 && first + (end - 1) * growth >= bound) end--
        while (end < terms && first + end * growth < bound) end++
      }
      this.#count(bucket, (end - done) * weight)
      done = end
    }
  }

  #count(bucket: number, weight: number): void {
    let at = bucket - this.#first
    if (at < 0 || at >= this.#counts.length) at = this.#reach(bucket)
    this.#counts[at] = this.#counts[at]! + weight
  }

  /** Makes room for a bucket, in whole doublings; returns where it is. */
  #reach(bucket: number): number {
    const before = this.#counts
    const doubling = bucket - (bucket % SUB_BUCKETS)
    const first = before.length === 0 ? doubling : Math.min(this.#first, doubling)
    const end = Math.max(
      doubling + SUB_BUCKETS,
      before.length === 0 ? 0 : this.#first + before.length,
    )
    this.#counts = new Float64Array(end - first)
    if (before.length > 0) this.#counts.set(before, this.#first - first)
    this.#first = first
    this.#offset = FIRST + first
    return bucket - first
  }

  /** A value outside of what there was, the first one among them. */
  #widen(value: number): void {
    if (!(value >= 0)) throw new RangeError(`a latency of ${value}`)
    if (this.count === 0) this.#start(value)
    else if (value < this.min) this.min = value
    else this.max = value
  }

  #start(value: number): void {
    this.#shift = value
    this.min = value
    this.max = value
  }

  /** NaN when empty. */
  get mean(): number {
    return this.sum / this.count
  }

  /** Standard deviation of the values as a population; NaN when empty. */
  get std(): number {
    const mean = this.#shiftedSum / this.count
    return Math.sqrt(Math.max(0, this.#shiftedSquares / this.count - mean * mean))
  }

  /** The middle of the bucket that holds the value of nearest rank `q * count`; NaN when empty. */
  quantile(q: number): number {
    if (this.count === 0) return NaN
    // Weights may be fractions, whose sums depend on their order in the last bits.
    const rank = Math.max(q * this.count * (1 - 1e-12), Number.MIN_VALUE)
    let seen = this.#zeros
    if (seen >= rank) return 0
    for (let at = 0; at < this.#counts.length; at++) {
      seen += this.#counts[at]!
      if (seen >= rank) {
        const bucket = this.#first + at
        const middle = (lowerBound(bucket) + lowerBound(bucket + 1)) / 2
        return Math.min(this.max, Math.max(this.min, middle))
      }
    }
    return this.max
  }
}
