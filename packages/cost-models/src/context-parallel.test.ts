import { causalPairs, emptyWork, Model, type StepWork } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import {
  calibratedCostModel,
  checkLayout,
  ContextParallel,
  memoryFootprint,
  rooflineCostModel,
} from './index.js'
import { deepseekV3, h100, layout, llama2x70b } from './test/fixtures.js'

const prompt = (tokens: number): StepWork => ({
  ...emptyWork(),
  prefillTokens: tokens,
  prefillAttention: causalPairs(tokens, 0),
  logits: 1,
})
const decoding = (decodes: number, context: number): StepWork => ({
  ...emptyWork(),
  decodes,
  decodeContext: decodes * context,
  logits: decodes,
})

describe.each([rooflineCostModel, calibratedCostModel])('context parallelism: $name', (factory) => {
  const at = (groups: number) => {
    const given = layout(llama2x70b, h100, { tensorParallel: 8, contextParallel: groups })
    return new ContextParallel(factory.create({ ...given, extra: {} }), given)
  }
  const costOf = (groups: number, work: StepWork) => {
    const into = { seconds: 0, growth: 0, horizon: 1 }
    at(groups).step(work, into)
    return into
  }

  it('changes nothing with one group', () => {
    for (const work of [prompt(5000), decoding(32, 2000)]) {
      const into = { seconds: 0, growth: 0, horizon: 1 }
      factory
        .create({ ...layout(llama2x70b, h100, { tensorParallel: 8 }), extra: {} })
        .step(work, into)
      expect(costOf(1, work)).toEqual(into)
    }
  })

  it('computes a long prompt nearly as many times faster, less what is exchanged', () => {
    const one = costOf(1, prompt(128_000)).seconds
    for (const groups of [2, 4, 8]) {
      const { seconds } = costOf(groups, prompt(128_000))
      expect(one / seconds).toBeLessThan(groups)
      expect(one / seconds).toBeGreaterThan(0.6 * groups)
      const exchange = at(groups)
        .breakdown(prompt(128_000))
        .find(({ name }) => name === 'context_gather')!
      expect(exchange.sentBytes).toBeCloseTo(
        (80 * 128_000 * 2 * 128 * 2 * (groups - 1)) / groups,
        0,
      )
    }
  })

  it('keeps to its line, with parts that add up', () => {
    for (const [decodes, context] of [
      [4, 100],
      [64, 3000],
    ] as const) {
      const work = decoding(decodes, context)
      const { seconds, growth, horizon } = costOf(4, work)
      for (const k of [1, Math.min(horizon, 20_000) - 1]) {
        const later = costOf(4, { ...work, decodeContext: work.decodeContext + k * decodes })
        if (k < horizon) expect(later.seconds / (seconds + k * growth)).toBeCloseTo(1, 9)
      }
      const parts = at(4)
        .breakdown(work)
        .reduce((sum, each) => sum + each.seconds, 0)
      expect(parts / seconds).toBeCloseTo(1, 9)
    }
  })
})

/** Three of four layers keep a state of 32 heads of 128 by 128 in place of a KV cache. */
const hybrid = Model.parse({
  ...llama2x70b,
  name: 'hybrid',
  state: {
    kind: 'gated-delta',
    layers: 60,
    input_width: 12_352,
    output_width: 8192,
    state_elements: 32 * 128 * 128,
    convolution_elements: 24_576,
  },
})

describe.each([rooflineCostModel, calibratedCostModel])(
  'layers with a state under context parallelism: $name',
  (factory) => {
    const at = (groups: number, work: StepWork) => {
      const given = layout(hybrid, h100, { tensorParallel: 8, contextParallel: groups })
      const model = new ContextParallel(factory.create({ ...given, extra: {} }), given)
      const cost = { seconds: 0, growth: 0, horizon: 1 }
      model.step(work, cost)
      const operators = model.breakdown(work)
      const sum = operators.reduce((all, { seconds }) => all + seconds, 0)
      expect(sum / cost.seconds).toBeCloseTo(1, 9)
      return { ...cost, of: (name: string) => operators.find((each) => each.name === name) }
    }
    const state = (4 * 32 * 128 * 128 + 2 * 24_576) / 8

    it('send the states of all pieces of a prompt, however long it is', () => {
      for (const groups of [2, 4])
        for (const tokens of [8000, 128_000]) {
          const { of } = at(groups, prompt(tokens))
          expect(of('state_gather')!.sentBytes).toBeCloseTo(60 * 2 * (groups - 1) * state, 3)
          // The other layers have a quarter of the keys and values.
          const kept = (20 * tokens * 2 * 128 * 2 * (groups - 1)) / groups
          expect(of('context_gather')!.sentBytes).toBeCloseTo(kept, 3)
        }
    })

    it('compute a long prompt nearly as many times faster', () => {
      const one = at(1, prompt(128_000))
      const four = at(4, prompt(128_000))
      expect(one.of('state_gather')).toBeUndefined()
      expect(one.seconds / four.seconds).toBeGreaterThan(2.5)
      expect(one.of('state_prefill')!.seconds / four.of('state_prefill')!.seconds).toBeGreaterThan(
        3.5,
      )
    })

    it('update the whole state in every group as they decode', () => {
      const one = at(1, decoding(64, 20_000))
      const four = at(4, decoding(64, 20_000))
      expect(four.of('state_decode')).toEqual(one.of('state_decode'))
      expect(four.of('state_gather')).toBeUndefined()
      expect(one.growth / four.growth).toBeCloseTo(4, 6)
    })
  },
)

describe('memory and layout under context parallelism', () => {
  it('shares the KV cache, and holds all weights in each group', () => {
    const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }
    const at = (contextParallel: number) =>
      memoryFootprint(layout(llama2x70b, h100, { tensorParallel: 8, contextParallel }), options)
    expect(at(4).weightBytes).toBe(at(1).weightBytes)
    expect(at(4).kvBytesPerTokenPerDevice).toBe(at(1).kvBytesPerTokenPerDevice / 4)
    expect(at(4).kvBytesPerToken).toBe(at(1).kvBytesPerToken)
  })

  it('holds the whole state of a sequence in each group', () => {
    const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }
    const at = (contextParallel: number) => {
      const given = layout(hybrid, h100, { tensorParallel: 8, contextParallel })
      checkLayout(given)
      return memoryFootprint(given, options)
    }
    expect(at(4).stateBytesPerDevice).toBe(at(1).stateBytesPerDevice)
    expect(at(4).stateBytes).toBe(at(1).stateBytes)
    expect(at(4).stateBlocks / at(1).stateBlocks).toBeCloseTo(4, 0)
  })

  it('refuses attention ranks and spread experts beside it', () => {
    expect(() => {
      checkLayout(layout(deepseekV3, h100, { contextParallel: 2, attentionDataParallel: 8 }))
    }).toThrow('attention ranks')
  })
})
