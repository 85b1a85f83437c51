import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jainIndex, TenantService } from './fairness.js'

describe("Jain's index", () => {
  it.each([
    [[1, 1, 1, 1], 1],
    [[5, 0, 0, 0], 1 / 4],
    // (1 + 2 + 3)^2 / (3 * (1 + 4 + 9)) = 36 / 42.
    [[1, 2, 3], 36 / 42],
    // Half of the users have the same, the others nothing.
    [[2, 2, 0, 0], 1 / 2],
    [[0, 0], 1],
  ])('of %j is %d', (values, index) => {
    expect(jainIndex(values)).toBeCloseTo(index, 14)
  })

  it('is of nobody no number', () => {
    expect(jainIndex([])).toBeNaN()
  })

  it('lies between 1/n and 1, and knows no scale', () => {
    const values = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(values, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (shares, scale) => {
        const index = jainIndex(shares)
        expect(index).toBeGreaterThanOrEqual(1 / shares.length - 1e-12)
        expect(index).toBeLessThanOrEqual(1)
        expect(jainIndex(shares.map((share) => share * scale))).toBeCloseTo(index, 9)
      }),
      { seed: 1 },
    )
  })
})

describe('TenantService', () => {
  it('counts those who got nothing', () => {
    const service = new TenantService()
    service.meet(199)
    service.served(7, 90, 10, 5)
    expect(service.figures()).toEqual({
      tenants: 200,
      service_jain_index: 1 / 200,
      normalized_latency_jain_index: 1,
    })
  })
})
