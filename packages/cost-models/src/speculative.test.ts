import { causalPairs, emptyWork, type StepWork } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  calibratedCostModel,
  fixedCost,
  meanTokens,
  memoryFootprint,
  rooflineCostModel,
  Speculative,
  tokenShares,
} from './index.js'
import { deepseekV3, h100, layout, llama2x70b, llama3x8b } from './test/fixtures.js'

const cost = () => ({ seconds: 0, growth: 0, horizon: 1 })
const secondsOf = (model: Speculative, work: StepWork): number => {
  const into = cost()
  model.step(work, into)
  return into.seconds
}
const decoding = (decodes: number, context: number): StepWork => ({
  ...emptyWork(),
  decodes,
  decodeContext: decodes * context,
  logits: decodes,
})

describe('tokens of a step', () => {
  it('are those accepted in a row, and one of the target', () => {
    expect(tokenShares([0.5, 0.5])).toEqual([0.5, 0.25, 0.25])
    expect(meanTokens([0.5, 0.5])).toBe(1.75)
    expect(tokenShares([])).toEqual([1])
    expect(meanTokens([1, 1, 1])).toBe(4)
    expect(meanTokens([0, 1])).toBe(1)
    // One probability: the geometric sum of Leviathan et al., equation 1.
    expect(meanTokens([0.8, 0.8, 0.8, 0.8])).toBeCloseTo((1 - 0.8 ** 5) / (1 - 0.8), 12)
  })

  it('have shares that add up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
        (rates) => {
          const shares = tokenShares(rates)
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
          expect(meanTokens(rates)).toBeGreaterThanOrEqual(1 - 1e-12)
          expect(meanTokens(rates)).toBeLessThanOrEqual(rates.length + 1)
        },
      ),
    )
  })
})

describe('speculative decoding', () => {
  const target = fixedCost({ secondsPerStep: 0.03, secondsPerContextToken: 1e-6 })
  const draft = fixedCost({ secondsPerStep: 0.002 })

  it('takes its share of drafting and verifying for each token', () => {
    const model = new Speculative({ target, draft, acceptance: [0.5, 0.5] })
    // Drafts lengthen the context that is verified by one on average.
    expect(secondsOf(model, decoding(4, 1000))).toBeCloseTo((0.03 + 4004e-6 + 2 * 0.002) / 1.75, 12)
    const free = new Speculative({ target, acceptance: [0.5, 0.5] })
    expect(secondsOf(free, decoding(4, 1000))).toBeCloseTo((0.03 + 4004e-6) / 1.75, 12)
  })

  it('computes prompts once, whatever is accepted', () => {
    const prompt = {
      ...emptyWork(),
      prefillTokens: 512,
      prefillAttention: causalPairs(512, 0),
      logits: 1,
    }
    const linear = fixedCost({ secondsPerStep: 0.01, secondsPerPrefillToken: 1e-4 })
    const model = new Speculative({ target: linear, acceptance: [1, 1, 1] })
    expect(secondsOf(model, prompt)).toBeCloseTo(0.01 + 0.0512, 12)
    const both = { ...decoding(4, 100), prefillTokens: 512, prefillAttention: 1, logits: 5 }
    expect(secondsOf(model, both)).toBeCloseTo(0.01 / 4 + 0.0512, 12)
  })

  const acceptance = [0.8, 0.6, 0.4]
  const real = [rooflineCostModel, calibratedCostModel].flatMap((factory) =>
    [
      layout(llama2x70b, h100, { tensorParallel: 8 }),
      layout(deepseekV3, h100, { attentionDataParallel: 8, expertParallel: 8 }),
    ].map((given) => {
      const small = layout(llama3x8b, h100, { tensorParallel: given.tensorParallel })
      return {
        plain: factory.create({ ...given, extra: {} }),
        model: new Speculative({
          target: factory.create({ ...given, verifiedTokens: 4, extra: {} }),
          draft: factory.create({ ...small, extra: {} }),
          acceptance,
        }),
      }
    }),
  )

  it.each(real.map((each, i) => [i, each] as const))('keeps to a line: %i', (_i, { model }) => {
    for (const [decodes, context] of [
      [1, 100],
      [32, 2000],
      [200, 500],
    ] as const) {
      const into = cost()
      const work = decoding(decodes, context)
      model.step(work, into)
      const k = Math.min(into.horizon, 5000) - 1
      const later = { ...work, decodeContext: work.decodeContext + k * decodes }
      expect(secondsOf(model, later) / (into.seconds + k * into.growth)).toBeCloseTo(1, 9)
      const parts = model.breakdown(work).reduce((sum, { seconds }) => sum + seconds, 0)
      expect(parts / into.seconds).toBeCloseTo(1, 9)
      const mixed = { ...work, prefillTokens: 700, prefillAttention: 3e5, logits: decodes + 1 }
      const mixedParts = model.breakdown(mixed).reduce((sum, { seconds }) => sum + seconds, 0)
      expect(mixedParts / secondsOf(model, mixed)).toBeCloseTo(1, 9)
    }
  })

  // With experts a few tokens more read many weights more: there is little to gain.
  it.each(real.filter((_, i) => i % 2 === 0).map((each, i) => [i, each] as const))(
    'makes small batches of a dense model faster, and large ones less so: %i',
    (_i, { plain, model }) => {
      const without = cost()
      plain.step(decoding(1, 1000), without)
      const gain = without.seconds / secondsOf(model, decoding(1, 1000))
      expect(gain).toBeGreaterThan(1)
      plain.step(decoding(4000, 200), without)
      expect(without.seconds / secondsOf(model, decoding(4000, 200))).toBeLessThan(gain)
    },
  )

  it('gives the draft its memory', () => {
    const given = layout(llama2x70b, h100, { tensorParallel: 8 })
    const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }
    const small = layout(llama3x8b, h100, { tensorParallel: 8 })
    const alone = memoryFootprint(given, options)
    const both = memoryFootprint(given, { ...options, draft: { layout: small, attached: false } })
    expect(both.weightBytes - alone.weightBytes).toBeGreaterThan((8e9 * 2) / 8)
    // 32 layers of 8 heads of 128, twice, in 16 bits, over 8 devices.
    expect(both.kvBytesPerTokenPerDevice - alone.kvBytesPerTokenPerDevice).toBe(32 * 2 * 128 * 2)
    const layer = { ...given, model: { ...llama2x70b, layers: 1 } }
    const attached = memoryFootprint(given, {
      ...options,
      draft: { layout: layer, attached: true },
    })
    const one = (2 * (8192 * 8192 * 2 + 2 * 8192 * 1024 + 3 * 8192 * 28672 + 2 * 8192 * 8192)) / 8
    expect((attached.weightBytes - alone.weightBytes) / one).toBeCloseTo(1, 3)
  })
})
