import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadRegistries } from './registries.js'
import { parsePoints, type MeasuredPoint } from './validation/measured-point.js'
import { pointErrors, type PointError } from './validation/point-errors.js'
import { physicalLimits } from './validation/point-quality.js'
import { validatedCostModels } from './validation/point-scenario.js'

const file = fileURLToPath(
  new URL('../../../../shared/measured/serving/points.csv', import.meta.url),
)

/** Reasons that are those of the catalog or of the source, not of the mapping. */
const known =
  /unknown (model|accelerator)|not stated|do not split evenly|several attention groups|part of/

describe.skipIf(!existsSync(file))('the published measurements', async () => {
  const registries = await loadRegistries({}, '.')
  const all = existsSync(file) ? parsePoints(readFileSync(file, 'utf8'), 'points.csv') : []
  const stride = Math.floor(all.length / 50)
  const sample = all.filter((_, index) => index % stride === 0)

  it.each(validatedCostModels)('can be expressed with %s: a sample', (costModel) => {
    expect(sample.length).toBeGreaterThanOrEqual(50)
    for (const point of sample) {
      const { skipped } = pointErrors(point, costModel, registries)
      for (const { metric, reason } of skipped)
        if (metric === undefined) expect(reason).toMatch(known)
    }
  })

  it.each([
    ['all', 'calibrated', all],
    ['a sample', 'roofline', sample],
  ] as const)(
    'never beat physics when simulated: %s, %s',
    (_which, costModel, points) => {
      const faults = points.flatMap((point) =>
        pointErrors(point, costModel, registries)
          .rows.map((row) => ({ id: row.id, fault: faultOf(row, point) }))
          .filter(({ fault }) => fault !== undefined),
      )
      expect(faults).toEqual([])
    },
    300_000,
  )

  function faultOf(row: PointError, point: MeasuredPoint): string | undefined {
    const limits = physicalLimits(point, registries)
    if (limits === undefined) return 'has no limits'
    const { metric, simulated } = row
    if (!(simulated > 0 && simulated < Infinity)) return `${metric} is ${simulated}`
    if (metric.startsWith('tpot') && simulated < limits.stepFloorMs) return 'tpot too small'
    if (metric === 'output_tokens_per_s' && simulated > limits.tokensPerSecond) return 'too fast'
    return undefined
  }
})

it.skipIf(existsSync(file))(
  'finds no published measurements beside the repository: nothing to check',
  () => {
    expect(existsSync(file)).toBe(false)
  },
)
