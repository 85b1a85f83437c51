import { describe, expect, test } from 'vitest'
import { RandomStream, randomStream } from './random-stream.js'

function chiSquare(counts: Iterable<number>, expected: number): number {
  let sum = 0
  for (const count of counts) sum += (count - expected) ** 2 / expected
  return sum
}

describe('RandomStream', () => {
  test('is xoshiro128**: the first outputs of the state 1, 2, 3, 4', () => {
    const stream = new RandomStream(1, 2, 3, 4)
    // From the authors' C program.
    const outputs = Array.from({ length: 6 }, () => stream.nextBits() >>> 0)
    expect(outputs).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492])
  })

  test('gives the same numbers on every machine', () => {
    const stream = randomStream(42, 'arrivals')
    expect(Array.from({ length: 4 }, () => stream.next())).toMatchInlineSnapshot(`
      [
        0.6447243396328096,
        0.8605240992312493,
        0.7894002115470328,
        0.19861901614493604,
      ]
    `)
    expect(Array.from({ length: 4 }, () => stream.nextOpen())).toMatchInlineSnapshot(`
      [
        0.5210768941967031,
        0.8160725332791811,
        0.7388452439531404,
        0.0717544464188461,
      ]
    `)
    expect(Array.from({ length: 8 }, () => stream.nextInt(100))).toMatchInlineSnapshot(`
      [
        8,
        32,
        52,
        51,
        80,
        17,
        34,
        66,
      ]
    `)
  })

  test('leaves the all-zero state', () => {
    const stream = new RandomStream(0, 0, 0, 0)
    expect(new Set(Array.from({ length: 100 }, () => stream.nextBits())).size).toBeGreaterThan(50)
  })

  test('is uniform: equal cells, mean and variance', () => {
    const stream = randomStream(1, 'uniform')
    const draws = 1_000_000
    const counts = new Float64Array(100)
    let sum = 0
    let squares = 0
    for (let i = 0; i < draws; i++) {
      const x = stream.next()
      counts[Math.floor(x * 100)]! += 1
      sum += x
      squares += (x - 0.5) ** 2
    }
    // 99 degrees of freedom: 149 is exceeded once in a thousand.
    expect(chiSquare(counts, draws / 100)).toBeLessThan(149)
    expect(Math.abs(sum / draws - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / draws))
    expect(Math.abs(squares / draws - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / draws))
  })

  test('has no link between one draw and the next', () => {
    const stream = randomStream(1, 'pairs')
    const counts = new Float64Array(256)
    for (let i = 0; i < 500_000; i++)
      counts[Math.floor(stream.next() * 16) * 16 + Math.floor(stream.next() * 16)]! += 1
    // 255 degrees of freedom: 330 is exceeded once in a thousand.
    expect(chiSquare(counts, 500_000 / 256)).toBeLessThan(330)
  })

  test('sets each of the 53 bits half the time', () => {
    const stream = randomStream(1, 'bits')
    const draws = 20_000
    const ones = new Float64Array(53)
    for (let i = 0; i < draws; i++) {
      let rest = BigInt(stream.next() * 2 ** 53)
      for (let bit = 0; bit < 53; bit++, rest >>= 1n) ones[bit]! += Number(rest & 1n)
    }
    for (const count of ones)
      expect(Math.abs(count - draws / 2)).toBeLessThan(2.5 * Math.sqrt(draws))
  })

  test('nextOpen has neither end, even at the extremes of the bits', () => {
    const zeros = new RandomStream(0, 0, 0, 0)
    zeros.nextBits = () => 0
    expect(zeros.nextOpen()).toBe(2 ** -53)
    expect(zeros.next()).toBe(0)
    zeros.nextBits = () => -1
    expect(zeros.nextOpen()).toBe(1 - 2 ** -53)
    expect(zeros.next()).toBe(1 - 2 ** -53)
    expect(zeros.nextInt(2 ** 32)).toBe(2 ** 32 - 1)
    expect(zeros.nextInt(3)).toBe(2)
  })

  test('nextInt draws each value equally often', () => {
    const stream = randomStream(1, 'integers')
    const counts = new Float64Array(7)
    for (let i = 0; i < 70_000; i++) counts[stream.nextInt(7)]! += 1
    // 6 degrees of freedom: 22.5 is exceeded once in a thousand.
    expect(chiSquare(counts, 10_000)).toBeLessThan(22.5)
  })

  test.each([0, -1, 1.5, NaN, 2 ** 32 + 1])('nextInt refuses %d', (n) => {
    expect(() => randomStream(1, 'x').nextInt(n)).toThrow(RangeError)
  })
})

describe('randomStream', () => {
  test('gives every seed and every name another stream', () => {
    const firsts = new Set<number>()
    const names = ['', 'a', 'b', 'aa', 'ab', 'ba', 'arrivals', 'input-lengths', 'output-lengths']
    const seeds = [0, 1, 2, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]
    for (const seed of seeds) for (const name of names) firsts.add(randomStream(seed, name).next())
    for (let seed = 10; seed < 20_000; seed++) firsts.add(randomStream(seed, 'a').next())
    expect(firsts.size).toBe(names.length * seeds.length + 19_990)
  })

  test('streams of neighbouring seeds and of different names are not correlated', () => {
    const draws = 100_000
    const pairs = [
      [randomStream(1, 'a'), randomStream(2, 'a')],
      [randomStream(1, 'a'), randomStream(1, 'b')],
    ] as const
    for (const [one, other] of pairs) {
      let product = 0
      for (let i = 0; i < draws; i++) product += (one.next() - 0.5) * (other.next() - 0.5)
      expect(Math.abs((product / draws) * 12)).toBeLessThan(4 / Math.sqrt(draws))
    }
  })

  test('first draws are uniform over seeds', () => {
    const counts = new Float64Array(50)
    for (let seed = 0; seed < 50_000; seed++)
      counts[Math.floor(randomStream(seed, 'x').next() * 50)]! += 1
    // 49 degrees of freedom: 85.4 is exceeded once in a thousand.
    expect(chiSquare(counts, 1000)).toBeLessThan(85.4)
  })

  test.each([NaN, 0.5, Infinity, 2 ** 53])('refuses the seed %d', (seed) => {
    expect(() => randomStream(seed, 'x')).toThrow(RangeError)
  })
})
