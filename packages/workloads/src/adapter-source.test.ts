import { type RequestDraft, type RequestSource } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { adapterSource, type AdapterPopularity } from './adapter-source.js'

/** Requests of sessions in turn, or of none. */
function plain(sessions: number): RequestSource {
  let index = 0
  return {
    next(into) {
      Object.assign(into, { arrivalSeconds: index, promptTokens: 1, outputTokens: 1 })
      into.sessionId = sessions === 0 ? -1 : index % sessions
      index++
      return true
    },
  }
}

function drawn(count: number, popularity: Partial<AdapterPopularity>, sessions = 0): number[] {
  const source = adapterSource(plain(sessions), { number: 4, seed: 1, ...popularity })
  return Array.from({ length: count }, () => {
    const draft: RequestDraft = {
      arrivalSeconds: 0,
      promptTokens: 0,
      outputTokens: 0,
      sessionId: -1,
      priority: 0,
    }
    source.next(draft)
    return draft.adapterId ?? NaN
  })
}

function shares(adapters: readonly number[], number: number): number[] {
  return Array.from(
    { length: number },
    (_, k) => adapters.filter((each) => each === k).length / adapters.length,
  )
}

describe('adapterSource', () => {
  it('draws by the law of Zipf', () => {
    const harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4
    const found = shares(drawn(100_000, { exponent: 1 }), 4)
    for (const [k, share] of found.entries())
      // Five standard deviations of a share of 100,000.
      expect(Math.abs(share - 1 / (k + 1) / harmonic)).toBeLessThan(0.008)
    for (const share of shares(drawn(100_000, {}), 4))
      expect(Math.abs(share - 0.25)).toBeLessThan(0.007)
  })

  it('leaves some without', () => {
    const adapters = drawn(50_000, { share: 0.3 })
    const without = adapters.filter((each) => each === -1).length / adapters.length
    expect(Math.abs(without - 0.7)).toBeLessThan(0.011)
    expect(drawn(100, { share: 0 }).every((each) => each === -1)).toBe(true)
  })

  it('gives all requests of a session the same one, whoever comes between', () => {
    const ten = drawn(100, { number: 1000 }, 10)
    for (let i = 10; i < ten.length; i++) expect(ten[i]).toBe(ten[i % 10])
    expect(new Set(ten).size).toBeGreaterThan(5)
    const five = drawn(50, { number: 1000 }, 5)
    expect(five.slice(0, 5)).toEqual(ten.slice(0, 5))
  })

  it('leaves those as they are that say which they have', () => {
    const inner = plain(0)
    const source = adapterSource(
      {
        next(into) {
          into.adapterId = 3
          return inner.next(into)
        },
      },
      { number: 9, seed: 0 },
    )
    const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 0, priority: 0 }
    source.next(draft)
    expect(draft).toMatchObject({ adapterId: 3 })
  })

  it.each([
    ['number', { number: 0 }],
    ['number', { number: 1.5 }],
    ['zipf_exponent', { exponent: -1 }],
    ['share', { share: 2 }],
  ])('refuses a wrong %s', (field, popularity) => {
    expect(() => drawn(1, popularity)).toThrow(`workload.adapters.${field}`)
  })
})
