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

/** Values that wait to be counted, at most: the sums over so many at once stay in the processor's registers. */
const PENDING = 128

/**
 * A histogram of values from 0 up with logarithmic buckets, whose quantiles are within 0.4 % of the
 * exact ones (half of 1/128, for values between 2^-40 and 2^40); count, sum, mean, minimum and
 * maximum are exact. Adding takes a few nanoseconds and allocates nothing.
 */
export class LogHistogram {
  #count = 0
  #sum = 0
  #min = NaN
  #max = NaN
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
  /** Values of weight 1 that are not counted yet. */
  readonly #pending: Float64Array = new Float64Array(PENDING)
  #size = 0

  /** Adds a value of 0 or more, `weight` times. Errors: RangeError on a negative value or NaN. */
  add(value: number, weight = 1): void {
    if (!(value >= 0)) refuse(value)
    if (weight !== 1) {
      this.#addEqual(value, weight)
      return
    }
    const at = this.#size
    this.#pending[at] = value
    this.#size = at + 1
    if (at + 1 === PENDING) this.#settle()
  }

  /** Counts the values that wait for it. */
  #settle(): void {
    const size = this.#size
    if (size === 0) return
    this.#size = 0
    const values = this.#pending
    if (this.#count === 0) this.#start(values[0]!)
    const shift = this.#shift
    let sum = 0
    let min = this.#min
    let max = this.#max
    let shiftedSum = 0
    let shiftedSquares = 0
    for (let i = 0; i < size; i++) {
      const value = values[i]!
      if (value < min) min = value
      if (value > max) max = value
      sum += value
      const deviation = value - shift
      shiftedSum += deviation
      shiftedSquares += deviation * deviation
      this.#tallyOf(value, 1)
    }
    this.#min = min
    this.#max = max
    this.#count += size
    this.#sum += sum
    this.#shiftedSum += shiftedSum
    this.#shiftedSquares += shiftedSquares
  }

  #addEqual(value: number, weight: number): void {
    if (this.#count === 0) this.#start(value)
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    this.#count += weight
    this.#sum += value * weight
    const deviation = value - this.#shift
    this.#shiftedSum += deviation * weight
    this.#shiftedSquares += deviation * deviation * weight
    this.#tallyOf(value, weight)
  }

  #tallyOf(value: number, weight: number): void {
    bits[0] = value
    const at = (words[HIGH]! >>> SHIFT) - this.#offset
    const counts = this.#counts
    if (at >= 0 && at < counts.length) counts[at] = counts[at]! + weight
    else if (value === 0) this.#zeros += weight
    else this.#tally(bucketOf(value), weight)
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
    if (!(first >= 0)) refuse(first)
    if (this.#count === 0) this.#start(first)
    if (first < this.#min) this.#min = first
    if (last > this.#max) this.#max = last
    const triangle = (terms * (terms - 1)) / 2
    const pyramid = (triangle * (2 * terms - 1)) / 3
    const deviation = first - this.#shift
    this.#count += terms * weight
    this.#sum += (terms * first + growth * triangle) * weight
    this.#shiftedSum += (terms * deviation + growth * triangle) * weight
    this.#shiftedSquares +=
      (terms * deviation * deviation +
        2 * deviation * growth * triangle +
        growth * growth * pyramid) *
      weight
    this.#fill(first, growth, terms, weight)
  }

  /** Adds all that another one holds, as if its values had come here. */
  addAll(other: LogHistogram): void {
    const { count, sum } = other
    if (count === 0) return
    this.#settle()
    if (this.#count === 0) this.#start(other.#min)
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
    this.#count += count
    this.#sum += sum
    const apart = other.#shift - this.#shift
    this.#shiftedSum += other.#shiftedSum + apart * count
    this.#shiftedSquares +=
      other.#shiftedSquares + 2 * apart * other.#shiftedSum + apart * apart * count
    this.#zeros += other.#zeros
    other.#counts.forEach((weight, at) => {
      if (weight > 0) this.#tally(other.#first + at, weight)
    })
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
      this.#tally(bucket, (end - done) * weight)
      done = end
    }
  }

  #tally(bucket: number, weight: number): void {
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

  #start(value: number): void {
    this.#shift = value
    this.#min = value
    this.#max = value
  }

  get count(): number {
    this.#settle()
    return this.#count
  }

  get sum(): number {
    this.#settle()
    return this.#sum
  }

  /** NaN when empty. */
  get min(): number {
    this.#settle()
    return this.#min
  }

  /** NaN when empty. */
  get max(): number {
    this.#settle()
    return this.#max
  }

  /** NaN when empty. */
  get mean(): number {
    return this.sum / this.count
  }

  /** Standard deviation of the values as a population; NaN when empty. */
  get std(): number {
    const { count } = this
    const mean = this.#shiftedSum / count
    return Math.sqrt(Math.max(0, this.#shiftedSquares / count - mean * mean))
  }

  /** The middle of the bucket that holds the value of nearest rank `q * count`; NaN when empty. */
  quantile(q: number): number {
    const { count } = this
    if (count === 0) return NaN
    // Weights may be fractions, whose sums depend on their order in the last bits.
    const rank = Math.max(q * count * (1 - 1e-12), Number.MIN_VALUE)
    let seen = this.#zeros
    if (seen >= rank) return 0
    for (let at = 0; at < this.#counts.length; at++) {
      seen += this.#counts[at]!
      if (seen >= rank) {
        const bucket = this.#first + at
        const middle = (lowerBound(bucket) + lowerBound(bucket + 1)) / 2
        return Math.min(this.#max, Math.max(this.#min, middle))
      }
    }
    return this.#max
  }
}

function refuse(value: number): never {
  throw new RangeError(`a latency of ${value}`)
}
