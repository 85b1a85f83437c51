import { describe, expect, it } from 'vitest'
import { expectedExperts } from './layer-operators.js'

describe('expected experts', () => {
  it('is none for no token, the chosen ones for one, nearly all for many', () => {
    expect(expectedExperts(8, 2, 0)).toBe(0)
    expect(expectedExperts(8, 2, 1)).toBeCloseTo(2, 12)
    expect(expectedExperts(8, 2, 2)).toBeCloseTo(8 * (1 - 0.75 * 0.75), 12)
    expect(expectedExperts(256, 8, 100)).toBeCloseTo(256 * (1 - Math.pow(1 - 8 / 256, 100)), 9)
    expect(expectedExperts(256, 8, 1e6)).toBe(256)
    expect(expectedExperts(4, 4, 1)).toBe(4)
  })
})
