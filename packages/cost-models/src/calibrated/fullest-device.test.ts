import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { visitedExperts } from './expert-popularity.js'
import { expectedLargest, fullestRows, fullestVisited } from './fullest-device.js'

const devices = fc.constantFrom(1, 2, 3, 4, 8, 16, 64)
const perDevice = fc.integer({ min: 1, max: 64 })

describe('the fullest device', () => {
  it('is the average where there is only one', () => {
    expect(expectedLargest(1)).toBe(0)
    expect(fullestRows({ devices: 1, perDevice: 8 }, 100)).toBe(100)
    expect(fullestVisited({ devices: 1, perDevice: 8 }, 5)).toBe(5)
  })

  it('lies between powers of two on a line', () => {
    expect(expectedLargest(2)).toBeCloseTo(1 / Math.sqrt(Math.PI), 4)
    expect(expectedLargest(3)).toBeCloseTo((0.5642 + 1.0294) / 2, 9)
    expect(expectedLargest(1e6)).toBe(expectedLargest(256))
  })

  it('has no fewer rows and experts with more tokens', () => {
    fc.assert(
      fc.property(devices, perDevice, fc.integer({ min: 0, max: 5000 }), (count, held, tokens) => {
        const on = { devices: count, perDevice: held }
        const experts = count * held
        const visited = (each: number): number =>
          fullestVisited(on, visitedExperts(experts, Math.min(8, experts), each) / count)
        expect(fullestRows(on, tokens + 1)).toBeGreaterThanOrEqual(fullestRows(on, tokens))
        expect(visited(tokens + 1)).toBeGreaterThanOrEqual(visited(tokens) - 1e-9)
        expect(visited(tokens)).toBeLessThanOrEqual(held)
      }),
    )
  })

  it('is what chance makes of it', () => {
    let state = 7
    // Park and Miller's generator.
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
    const [count, held, k, tokens, runs] = [4, 16, 4, 24, 1500]
    let rows = 0
    let visited = 0
    for (let run = 0; run < runs; run++) {
      const shares = Array.from({ length: count * held }, () => 2 * random())
      const total = shares.reduce((sum, share) => sum + share, 0)
      const got = Array.from({ length: count }, () => 0)
      const seen = new Set<number>()
      for (let draw = 0; draw < k * tokens; draw++) {
        let left = random() * total
        let expert = 0
        while (expert < shares.length - 1 && left >= shares[expert]!) left -= shares[expert++]!
        got[Math.floor(expert / held)]!++
        seen.add(expert)
      }
      const each = got.map(
        (_, device) => [...seen].filter((expert) => Math.floor(expert / held) === device).length,
      )
      rows += Math.max(...got) / runs
      visited += Math.max(...each) / runs
    }
    const on = { devices: count, perDevice: held }
    const average = visitedExperts(count * held, k, tokens) / count
    expect(Math.abs(fullestRows(on, (k * tokens) / count) / rows - 1)).toBeLessThan(0.06)
    expect(Math.abs(fullestVisited(on, average) / visited - 1)).toBeLessThan(0.06)
  })
})
