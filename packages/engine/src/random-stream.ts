/** 2^-53: the spacing of the values that {@link RandomStream.next} returns. */
const ulp = 1 / 9007199254740992
const twoTo26 = 67108864
const twoTo32 = 4294967296

/**
 * One named stream of pseudo-random numbers: xoshiro128** (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", ACM TOMS 47, 2021), with a period of 2^128 - 1. It uses 32-bit
 * integer arithmetic only, so the numbers are the same on every machine.
 */
export class RandomStream {
  // Signed, because signed 32-bit integers are what JavaScript engines keep unboxed in a field.
  private a: number
  private b: number
  private c: number
  private d: number

  /** Takes the state itself, 32 bits each; use {@link randomStream} to start from a seed. */
  constructor(a: number, b: number, c: number, d: number) {
    this.a = a | 0
    this.b = b | 0
    this.c = c | 0
    this.d = d | 0
    // The all-zero state is the one that the generator never leaves.
    if ((this.a | this.b | this.c | this.d) === 0) this.a = 1
  }

  /** 32 random bits as a signed integer. */
  nextBits(): number {
    const b = this.b
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const c = this.c ^ this.a
    const d = this.d ^ b
    this.b = b ^ c
    this.a = this.a ^ d
    this.c = c ^ (b << 9)
    this.d = (d << 11) | (d >>> 21)
    return result
  }

  /** Uniform in [0, 1): a multiple of 2^-53. */
  next(): number {
    const high = this.nextBits() >>> 5
    const low = this.nextBits() >>> 6
    return (high * twoTo26 + low) * ulp
  }

  /** Uniform in (0, 1), both ends excluded: an odd multiple of 2^-53. */
  nextOpen(): number {
    const high = this.nextBits() >>> 6
    const low = this.nextBits() >>> 6
    return ((high * twoTo26 + low) * 2 + 1) * ulp
  }

  /**
   * Uniform in {0, 1, ..., n - 1}; each value's probability is off by less than 2^-53.
   *
   * @throws RangeError when n is not an integer from 1 to 2^32.
   */
  nextInt(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > twoTo32)
      throw new RangeError(`nextInt: given ${n}; accepted: an integer from 1 to 2^32`)
    // The largest value of next() times n still rounds to less than n.
    return Math.floor(this.next() * n)
  }
}

/**
 * The stream of a seed and a name. Give each source of randomness its own name: then drawing more
 * or less from one never changes another.
 *
 * @param seed an integer of at most 2^53 - 1 in size.
 * @throws RangeError when the seed is not such an integer.
 */
export function randomStream(seed: number, name: string): RandomStream {
  if (!Number.isSafeInteger(seed))
    throw new RangeError(`randomStream: given the seed ${seed}; accepted: a safe integer`)
  return new RandomStream(
    hash(0x243f6a88, seed, name),
    hash(0x85a308d3, seed, name),
    hash(0x13198a2e, seed, name),
    hash(0x03707344, seed, name),
  )
}

/** MurmurHash3_x86_32 (Appleby, public domain) of the seed's two words and the name's characters. */
function hash(start: number, seed: number, name: string): number {
  let state = mix(start, seed | 0)
  state = mix(state, Math.floor(seed / twoTo32) | 0)
  for (let i = 0; i < name.length; i++) state = mix(state, name.charCodeAt(i))
  state ^= name.length + 2
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return state ^ (state >>> 16)
}

function mix(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const x = state ^ k
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0
}
