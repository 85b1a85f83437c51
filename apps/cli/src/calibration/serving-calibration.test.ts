import { describe, expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import { measuredPoint } from '../testing/measured-points.js'
import { measuredCosts } from '../validation/measured-costs.js'
import { pointErrors } from '../validation/point-errors.js'
import {
  calibrateServing,
  scaledCalibration,
  type ServingFactors,
  type ServingOptions,
} from './serving-calibration.js'

const registries = await loadRegistries({}, process.cwd())
const accelerator = registries.accelerators.get('h100-80gb')
const base = measuredCosts(accelerator, registries)?.calibration
if (base === undefined) throw new Error('the H100 is calibrated')
const options: ServingOptions = {
  base,
  accelerator,
  registries,
  engineStep: false,
  file: 'points.csv',
}

const one: ServingFactors = {
  ...{ memory_fraction: 1, compute_fraction: 1, bandwidth_fraction: 1, step_s: 1 },
}

/** Measurements as a device of these factors would give them. */
function made(factors: ServingFactors): ReturnType<typeof measuredPoint>[] {
  const changed = { ...registries, calibrations: [scaledCalibration(base as never, factors)] }
  return ['1', '8', '32'].flatMap((concurrency) =>
    ['128', '2048'].map((input_len) => {
      const cells = { concurrency, input_len, num_requests: String(2 * Number(concurrency)) }
      const id = `${concurrency}-${input_len}`
      const asked = measuredPoint({ ...cells, id, tpot_ms_mean: '1', ttft_ms_mean: '1' })
      const { rows } = pointErrors(asked, 'calibrated', changed)
      const found = rows.map(({ metric, simulated }) => [metric, String(simulated)] as const)
      return measuredPoint({ ...cells, id, ...Object.fromEntries(found) })
    }),
  )
}

describe('calibrateServing', () => {
  it('finds the factors that made a few measurements', () => {
    const { factors, fit } = calibrateServing(
      made({ ...one, memory_fraction: 0.85, compute_fraction: 0.85 }),
      options,
    )
    expect(Math.abs(factors.memory_fraction / 0.85 - 1)).toBeLessThan(0.03)
    expect(Math.abs(factors.compute_fraction / 0.85 - 1)).toBeLessThan(0.06)
    // One device has no collectives, and the engine is not asked about.
    expect(factors.bandwidth_fraction).toBeCloseTo(1, 6)
    expect(factors.step_s).toBe(1)
    expect(fit.after.median_percent).toBeLessThan(2)
    expect(fit.leave_one_out.median_percent).toBeLessThan(3)
  })

  it('stays at 1 where the shipped coefficients are right', () => {
    const { factors } = calibrateServing(made(one), options)
    for (const factor of Object.values(factors) as number[]) expect(factor).toBeCloseTo(1, 3)
  })

  it('keeps its bounds, is near 1 for one row, and gives the same again', () => {
    const [row] = made(one)
    if (row === undefined) throw new Error('there are rows')
    const slow = [{ ...row, tpot_ms_mean: 1e5 }]
    const { factors } = calibrateServing(slow, { ...options, engineStep: true })
    expect(factors.memory_fraction).toBeGreaterThanOrEqual(0.5)
    expect(factors.step_s).toBeLessThanOrEqual(5.0001)
    expect(calibrateServing(slow, { ...options, engineStep: true }).factors).toEqual(factors)
    const near = calibrateServing(
      [{ ...row, tpot_ms_mean: 1.05 * (row.tpot_ms_mean ?? 0) }],
      options,
    )
    expect(Math.abs(near.factors.memory_fraction - 1)).toBeLessThan(0.05)
  })

  it('says why nothing can be simulated', () => {
    expect(() =>
      calibrateServing([measuredPoint({ model: 'nobody', tpot_ms_mean: '1' })], options),
    ).toThrow(/points.csv: has no measurement that can be simulated: A-1: .*unknown model/)
  })
})
