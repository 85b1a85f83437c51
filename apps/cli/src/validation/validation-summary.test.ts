import { expect, it } from 'vitest'
import { measuredPoint } from '../testing/measured-points.js'
import type { PointError } from './point-errors.js'
import { validationOf } from './validation-summary.js'

const row = (id: string, simulated: number, saturated = false): PointError => ({
  id,
  metric: 'ttft_ms_mean',
  measured: 100,
  simulated,
  relative_error: (simulated - 100) / 100,
  saturated,
})

it('groups errors by what the measurements say, and counts what was skipped by its reason', () => {
  const points = [
    measuredPoint({ id: 'A' }),
    measuredPoint({ id: 'B', hardware: 'l40s' }),
    measuredPoint({ id: 'C' }),
  ]
  const { rows, skipped, summary } = validationOf(points, [
    { rows: [row('A', 120)], skipped: [] },
    { rows: [row('B', 60, true)], skipped: [] },
    { rows: [], skipped: [{ id: 'C', reason: 'unknown' }] },
  ])
  expect(rows.map(({ id }) => id)).toEqual(['A', 'B'])
  expect(skipped).toEqual([{ id: 'C', reason: 'unknown' }])
  expect(summary).toMatchObject({ measurements: 3, simulated: 2, skipped: 1 })
  expect(summary.by_metric).toMatchObject([{ metric: 'ttft_ms_mean', count: 2 }])
  expect(summary.by_metric[0]?.median_absolute_percent).toBeCloseTo(30, 9)
  expect(summary.by_metric[0]?.bias_percent).toBeCloseTo(-10, 9)
  expect(summary.below_saturation).toMatchObject([{ count: 1, bias_percent: 20 }])
  expect(summary.by.accelerator.map(({ group, count }) => [group, count])).toEqual([
    ['h100-80gb', 1],
    ['l40s', 1],
  ])
  expect(summary.skipped_reasons).toEqual([{ reason: 'unknown', count: 1 }])
})
