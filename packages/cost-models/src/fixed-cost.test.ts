import { emptyWork, type StepCost } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedCost, fixedCostModel } from './fixed-cost.js'
import { h100, layout, llama3x8b } from './test/fixtures.js'

const cost = (): StepCost => ({ seconds: 0, growth: 0, horizon: 1 })
const create = (extra: Record<string, unknown>): ReturnType<typeof fixedCostModel.create> =>
  fixedCostModel.create({ ...layout(llama3x8b, h100), extra })

describe('fixed cost', () => {
  it('takes the stated time and nothing without work', () => {
    const model = fixedCost({ secondsPerStep: 0.01 })
    const into = cost()
    model.step(emptyWork(), into)
    expect(into).toEqual({ seconds: 0, growth: 0, horizon: Infinity })
    model.step({ ...emptyWork(), decodes: 3, decodeContext: 300, logits: 3 }, into)
    expect(into).toEqual({ seconds: 0.01, growth: 0, horizon: Infinity })
    model.step({ ...emptyWork(), prefillTokens: 5 }, into)
    expect(into.horizon).toBe(1)
  })

  it('is a line in the context, and its parts add up', () => {
    const model = create({ step_ms: 2, prefill_token_us: 3, decode_us: 5, context_token_ns: 7 })
    expect(model.name).toBe('fixed')
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.integer({ min: 1, max: 100 }),
        fc.nat(9999),
        (prefill, decodes, k) => {
          const work = {
            ...emptyWork(),
            prefillTokens: prefill,
            decodes,
            decodeContext: decodes * 50,
          }
          const now = cost()
          model.step(work, now)
          const parts = model.breakdown(work)
          expect(parts.reduce((sum, part) => sum + part.seconds, 0)).toBeCloseTo(now.seconds, 12)
          if (k >= now.horizon) return
          const then = cost()
          model.step({ ...work, decodeContext: work.decodeContext + k * decodes }, then)
          expect(now.seconds + k * now.growth).toBeCloseTo(then.seconds, 12)
        },
      ),
    )
  })

  it('names what is wrong with an option', () => {
    expect(() => create({ step_m: 1 })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_FIELD', nearest: ['step_ms'] }),
    )
    expect(() => create({ step_ms: -1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE', path: 'cost_model.options.step_ms' }),
    )
  })
})
