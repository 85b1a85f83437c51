import type { MatrixCurve } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matrixCompute, matrixSeconds } from './matrix-kernel.js'
import { smoothMaximum } from './smooth-maximum.js'

const device = { flopPerSecond: 1e15, bytesPerSecond: 3e12, computeUnits: 132 }
const plain: MatrixCurve = {
  compute_fraction: 0.9,
  memory_fraction: 0.8,
  latency_s: 3e-6,
  ramp_depth: 100,
  depth_s: 5e-10,
  pass_bytes_per_input: 0,
  tail_bytes_per_output: 0.3,
}
const shape = (rows: number, columns: number, depth: number) => ({
  ...{ rows, columns, depth, weightBytes: 2, inputBytes: 2, outputBytes: 2 },
})
const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 9000 }),
  columns: fc.integer({ min: 64, max: 20_000 }),
  depth: fc.integer({ min: 64, max: 20_000 }),
})

describe('products', () => {
  it.each([undefined, 0.7, 3, 20])('take no less for more rows (cache %s)', (cache) => {
    const curves = ([2, 4, 8] as const).flatMap((overlap) => {
      const curve = { ...plain, overlap, ...(cache === undefined ? {} : { cache_ratio: cache }) }
      return [curve, { ...curve, least_tile_rows: 16 as const }]
    })
    fc.assert(
      fc.property(sizes, ({ rows, columns, depth }) => {
        for (const curve of curves)
          expect(
            matrixSeconds(curve, device, shape(rows + 1, columns, depth)),
          ).toBeGreaterThanOrEqual(matrixSeconds(curve, device, shape(rows, columns, depth)))
      }),
    )
  })

  it('need at least their FLOP at the share of the peak', () => {
    fc.assert(
      fc.property(sizes, ({ rows, columns, depth }) => {
        const seconds = matrixCompute(
          { ...plain, cache_ratio: 3 },
          device,
          shape(rows, columns, depth),
        )
        expect(seconds).toBeGreaterThanOrEqual((2 * rows * columns * depth) / (0.9 * 1e15))
      }),
    )
  })

  it('split their depth where few tiles leave units idle', () => {
    const deep = shape(64, 1024, 16_384)
    const curve = { ...plain, ramp_depth: 0, cache_ratio: 100 }
    // 16 tiles of 64 by 64; cut in eight they are 128, one wave of an eighth of the depth.
    const tile = (2 * 64 * 64 * 132) / (0.9 * 1e15)
    const sums = (64 * 1024 * 8) / 3e12
    expect(matrixCompute(curve, device, deep)).toBeCloseTo((tile * 16_384) / 8 + sums, 12)
    expect(matrixCompute(plain, device, deep)).toBeGreaterThan(
      5 * matrixCompute(curve, device, deep),
    )
  })

  it('of few rows take small tiles where the kernel has them, and of many the large ones', () => {
    const [few, many] = [shape(1, 128 * 132, 4096), shape(4096, 128 * 132, 4096)]
    const curve = { ...plain, ramp_depth: 0, cache_ratio: 100 }
    const small = { ...curve, least_tile_rows: 16 as const }
    expect(matrixCompute(curve, device, few)).toBeCloseTo(4 * matrixCompute(small, device, few), 12)
    expect(matrixCompute(small, device, many)).toBe(matrixCompute(curve, device, many))
  })

  it('wait for the cache with small tiles', () => {
    const small = shape(64, 64 * 132, 4096)
    const seconds = (cache: number) =>
      matrixCompute({ ...plain, cache_ratio: cache }, device, small)
    expect(seconds(0.5)).toBeGreaterThan(seconds(100))
  })
})

it('is the larger of two times, and somewhat more where they are alike', () => {
  for (const [overlap, root] of [
    [2, 2],
    [4, 4],
    [8, 8],
  ] as const) {
    expect(smoothMaximum(3, 3, overlap)).toBeCloseTo(3 * Math.pow(2, 1 / root), 12)
    expect(smoothMaximum(5, 0, overlap)).toBe(5)
    expect(smoothMaximum(2, 3, overlap)).toBeCloseTo(
      Math.pow(Math.pow(2, root) + Math.pow(3, root), 1 / root),
      12,
    )
  }
})
