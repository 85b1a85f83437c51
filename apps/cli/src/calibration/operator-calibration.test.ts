import { Accelerator, Calibration } from '@llmsim/contracts'
import { calibrations } from '@llmsim/catalog-calibrations'
import { accelerators } from '@llmsim/catalog-hardware'
import { describe, expect, it } from 'vitest'
import { calibrateOperators } from './operator-calibration.js'
import { operatorKinds, timedDevice, type Curve, type OperatorName } from './operator-kind.js'
import type { OperatorTiming } from './operator-timing.js'

const named = (entries: readonly { readonly name: string }[]): unknown =>
  entries.find(({ name }) => name === 'h100-80gb')
const accelerator = Accelerator.parse(named(accelerators as readonly { name: string }[]))
const base = Calibration.parse(named(calibrations as readonly { name: string }[]))

/** Rows made by curves; `noise` gives each one's factor. */
function made(
  kernel: OperatorName,
  curves: readonly Curve[],
  sizes: readonly Record<string, number>[],
  noise: (row: number) => number = () => 1,
): OperatorTiming[] {
  const device = timedDevice(kernel, 'bf16', accelerator, base.compute_units)
  return sizes.map((each, row) => ({
    kernel,
    format: 'bf16',
    sizes: each,
    seconds: operatorKinds[kernel].seconds(curves, device, each) * noise(row),
  }))
}

const products = [1, 16, 64, 256, 1024, 4096, 16384].flatMap((m) =>
  [
    [4096, 4096],
    [14336, 4096],
    [4096, 14336],
    [8192, 8192],
  ].map(([n = 1, k = 1]) => ({ m, n, k })),
)
const decodes = [1, 8, 32, 128].flatMap((batch) =>
  [512, 2048, 8192].map((context) => ({ batch, context, heads: 32, kv_heads: 8, head_dim: 128 })),
)
const prefills = [1, 4].flatMap((batch) =>
  [128, 512, 2048, 8192].map((tokens) => ({
    ...{ batch, tokens, heads: 32, kv_heads: 8, head_dim: 128 },
  })),
)
const messages = [2, 4, 8].flatMap((ranks) =>
  [1e4, 1e6, 1e7, 1e8].map((bytes) => ({ ranks, bytes })),
)

const gemm = base.kernels.gemm.bf16 ?? {}
const decode = base.kernels.decode_attention.bf16 ?? {}
const prefill = base.kernels.prefill_attention.bf16 ?? {}

/** Curves as shipped, but for what the second says. */
const cases: readonly [OperatorName, readonly Curve[], readonly Record<string, number>[]][] = [
  ['gemm', [{ ...gemm, compute_fraction: 0.68, memory_fraction: 0.7 }], products],
  ['decode_attention', [{ ...decode, memory_fraction: 0.7 }], decodes],
  ['prefill_attention', [{ ...prefill, compute_fraction: 0.5 }], prefills],
  [
    'all_reduce',
    base.interconnect.all_reduce.map((curve) => ({
      ...curve,
      bandwidth_fraction: 0.8 * curve.bandwidth_fraction,
    })),
    messages,
  ],
  [
    'elementwise',
    [{ memory_fraction: 0.6, latency_s: 4e-6 }],
    [1e4, 1e6, 1e7, 1e8, 1e9].map((bytes) => ({ bytes })),
  ],
]

describe('calibrateOperators', () => {
  it.each(cases)('finds what made exact timings of %s within 2 %%', (kernel, curves, sizes) => {
    const { calibration, fits } = calibrateOperators(
      made(kernel, curves, sizes),
      base,
      accelerator,
      'own.csv',
    )
    const [fit] = fits
    expect(fit?.rows).toBe(sizes.length)
    expect(fit?.after.median_percent).toBeLessThan(2)
    expect(fit?.leave_one_out.median_percent).toBeLessThan(2)
    expect(fit?.before.median_percent).toBeGreaterThan(fit?.after.median_percent ?? NaN)
    expect(Calibration.safeParse(calibration).success).toBe(true)
  })

  it('finds the shares themselves', () => {
    const { calibration } = calibrateOperators(
      made('gemm', [{ ...gemm, compute_fraction: 0.68, memory_fraction: 0.7 }], products),
      base,
      accelerator,
      'own.csv',
    )
    const found = calibration.kernels.gemm.bf16
    expect((found?.compute_fraction ?? 0) / 0.68).toBeCloseTo(1, 1.7)
    expect((found?.memory_fraction ?? 0) / 0.7).toBeCloseTo(1, 1.7)
    expect(calibration.kernels.gemm.fp8).toEqual(base.kernels.gemm.fp8)
    expect(calibration.kernels.decode_attention).toEqual(base.kernels.decode_attention)
  })

  it('stays near what was shipped where rows are few and scattered', () => {
    const rows = made('gemm', [gemm], products.slice(8, 11), (row) => (row % 2 === 0 ? 1.15 : 0.9))
    const { fits } = calibrateOperators(rows, base, accelerator, 'own.csv')
    for (const { before, after } of fits[0]?.coefficients ?? []) {
      if (before > 1e-3) expect(Math.abs(after / before - 1)).toBeLessThan(0.12)
    }
  })

  it('keeps bounds where timings are absurdly slow, and gives the same again', () => {
    const rows = made('gemm', [gemm], products, () => 1000)
    const fitted = calibrateOperators(rows, base, accelerator, 'own.csv')
    expect(Calibration.safeParse(fitted.calibration).success).toBe(true)
    for (const { name, after } of fitted.fits[0]?.coefficients ?? [])
      if (name.endsWith('fraction')) expect(after).toBeGreaterThanOrEqual(0.02)
    expect(calibrateOperators(rows, base, accelerator, 'own.csv')).toEqual(fitted)
  })

  it('sets aside what no device of that datasheet can do', () => {
    const rows = made('gemm', [gemm], products, (row) => (row === 3 ? 0.01 : 1))
    expect(calibrateOperators(rows, base, accelerator, 'own.csv').fits[0]).toMatchObject({
      rows: products.length - 1,
      excluded_rows: 1,
      note: 'rows faster than the datasheet allows: 1',
    })
    expect(() => calibrateOperators(rows.slice(3, 4), base, accelerator, 'own.csv')).toThrow(
      /own.csv: has no row that is not faster/,
    )
    expect(() => calibrateOperators([], base, accelerator, 'own.csv')).toThrow(
      /own.csv: has no rows/,
    )
  })

  it('fits 16-bit floats of either kind to the one curve, and formats never measured', () => {
    const rows = made('gemm', [gemm], products)
    const other = rows.map((row) => ({ ...row, format: 'fp16' as const }))
    expect(calibrateOperators(other, base, accelerator, 'own.csv').fits[0]?.curve).toBe('gemm.bf16')
    const fewer = {
      ...base,
      kernels: { ...base.kernels, gemm: { bf16: base.kernels.gemm.bf16 as never } },
    }
    const narrow = rows.map((row) => ({ ...row, format: 'fp8' as const }))
    const { calibration } = calibrateOperators(narrow, fewer, accelerator, 'own.csv')
    expect(Object.keys(calibration.kernels.gemm)).toEqual(['bf16', 'fp8'])
  })
})

it('takes int4 weights to be computed in 16 bits, whatever the matrix units could do', () => {
  const ampere = {
    ...accelerator,
    peak_flop_per_s: { bf16: 312e12, int8: 624e12, int4: 1248e12 },
  }
  for (const kernel of ['gemm', 'expert_gemm'] as const) {
    expect(timedDevice(kernel, 'int4', ampere, 108)).toMatchObject({
      flopPerSecond: 312e12,
      inputBytes: 2,
    })
    expect(timedDevice(kernel, 'int8', ampere, 108)).toMatchObject({
      flopPerSecond: 624e12,
      inputBytes: 1,
    })
  }
})
