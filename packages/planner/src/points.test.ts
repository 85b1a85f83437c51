import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  crossProduct,
  crossProductSize,
  latinHypercube,
  mostSobolDimensions,
  parseAxis,
  sampledPoints,
  sobolPoints,
} from './index.js'

describe('parseAxis', () => {
  it.each([
    ['a.b=1,2.5,x', [1, 2.5, 'x']],
    ['a=1..3:1', [1, 2, 3]],
    ['a=0.1..0.5:0.1', [0.1, 0.2, 0.3, 0.4, 0.5]],
    ['a=1..10:4', [1, 5, 9]],
    ['a=1..64:*4', [1, 4, 16, 64]],
    ['a=-2..2:2', [-2, 0, 2]],
    ['a={"x":1,"y":2},"p,q",null,true', [{ x: 1, y: 2 }, 'p,q', null, true]],
  ])('%s', (text, values) => {
    expect(parseAxis(text, '--vary').values).toEqual(values)
  })

  it('keeps the ends of a range without a step', () => {
    expect(parseAxis('a=0.5..8', '--vary')).toEqual({ field: 'a', range: [0.5, 8] })
  })

  it.each(['a', '=1', 'a=', 'a=3..1:1', 'a=1..3:0', 'a=1..3:*1', 'a=0..8:*2', 'a=0..1e9:1'])(
    'refuses %s',
    (text) => {
      expect(() => parseAxis(text, '--vary')).toThrow(/^--vary: /)
    },
  )
})

describe('crossProduct', () => {
  it('has every combination once, the last axis fastest', () => {
    const axes = [parseAxis('a=1,2', ''), parseAxis('b=x,y,z', '')]
    expect([...crossProduct(axes)]).toEqual([
      [1, 'x'],
      [1, 'y'],
      [1, 'z'],
      [2, 'x'],
      [2, 'y'],
      [2, 'z'],
    ])
    expect(crossProductSize(axes)).toBe(6)
  })

  it('refuses a range without a step', () => {
    expect(() => [...crossProduct([parseAxis('a=1..2', '')])]).toThrow('without a step')
  })
})

describe('sobolPoints', () => {
  it('is the sequence of Joe and Kuo, in Gray-code order', () => {
    // The ten points of three dimensions that their notes print, the origin first.
    expect(sobolPoints(10, 3)).toEqual([
      [0, 0, 0],
      [0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25],
      [0.25, 0.75, 0.75],
      [0.375, 0.375, 0.625],
      [0.875, 0.875, 0.125],
      [0.625, 0.125, 0.875],
      [0.125, 0.625, 0.375],
      [0.1875, 0.3125, 0.9375],
      [0.6875, 0.8125, 0.4375],
    ])
  })

  it('puts one of 2^k points into each of 2^k strips of every dimension, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.option(fc.nat()), (power, seed) => {
        const count = 2 ** power
        const points = sobolPoints(count, mostSobolDimensions, seed ?? undefined)
        for (let dimension = 0; dimension < mostSobolDimensions; dimension++)
          expect(
            new Set(points.map((point) => Math.floor((point[dimension] ?? 0) * count))).size,
          ).toBe(count)
      }),
    )
  })

  it('refuses more dimensions than it has numbers for', () => {
    expect(() => sobolPoints(1, mostSobolDimensions + 1)).toThrow('at most 32')
  })
})

describe('latinHypercube', () => {
  it('puts one point into each strip of every dimension', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        (count, dimensions, seed) => {
          const points = latinHypercube(count, dimensions, seed)
          for (let dimension = 0; dimension < dimensions; dimension++)
            expect(
              points
                .map((point) => Math.floor((point[dimension] ?? 0) * count))
                .sort((a, b) => a - b),
            ).toEqual(points.map((_, strip) => strip))
        },
      ),
    )
  })

  it('leaves the others as they are when a dimension is added', () => {
    const two = latinHypercube(20, 2, 7)
    expect(latinHypercube(20, 3, 7).map((point) => point.slice(0, 2))).toEqual(two)
  })
})

describe('sampledPoints', () => {
  it('gives listed values equal shares, and stays within ranges', () => {
    const axes = [parseAxis('a=x,y', ''), parseAxis('b=5..6', '')]
    for (const sampling of ['lhs', 'sobol'] as const) {
      const points = sampledPoints(axes, 32, sampling, 3)
      expect(points.filter(([a]) => a === 'x')).toHaveLength(16)
      for (const [, b] of points) expect(b).toSatisfy((value: number) => value >= 5 && value <= 6)
    }
  })
})
