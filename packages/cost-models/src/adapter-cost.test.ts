import {
  emptyWork,
  type AdapterWork,
  type CostModel,
  type CostModelOptions,
  type ReplicaLayout,
  type StepWork,
} from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { adapterBytesPerRank } from './adapter-shapes.js'
import { calibratedCostModel } from './calibrated.js'
import { ContextParallel } from './context-parallel.js'
import { deviceShapes } from './device-shapes.js'
import { requireFit } from './memory-fit.js'
import { memoryFootprint } from './memory-footprint.js'
import { rooflineCostModel } from './roofline.js'
import { Speculative } from './speculative.js'
import { deepseekV3, h100, layout, llama2x70b, llama3x8b, mixtral } from './test/fixtures.js'

const bytesOf = (given: ReplicaLayout): number => adapterBytesPerRank(given, deviceShapes(given))
const small = layout(llama3x8b, h100)
const options = (given: ReplicaLayout): CostModelOptions => ({ ...given, extra: {} })

function work(adapters: Partial<AdapterWork>, more: Partial<StepWork> = {}): StepWork {
  return {
    ...emptyWork(),
    decodes: 32,
    decodeContext: 32_000,
    logits: 32,
    adapters: {
      adapters: 1,
      ranks: 16,
      prefillRanks: 0,
      prefillTokens: 0,
      decodeRanks: 512,
      decodes: 32,
      ...adapters,
    },
    ...more,
  }
}

function seconds(model: CostModel, of: StepWork): number {
  const into = { seconds: 0, growth: 0, horizon: 1 }
  model.step(of, into)
  return into.seconds
}

describe('the size of LoRA adapters', () => {
  it('is that which PEFT counts for all linear layers of Llama 3 8B at rank 16', () => {
    expect(16 * bytesOf(small)).toBe(2 * 41_943_040)
    // q, k, v and o alone: 13,631,488 trainable parameters.
    expect(16 * bytesOf({ ...small, adapterModules: 'attention' })).toBe(2 * 13_631_488)
  })

  it('is less than halved by each doubling of TP: one of two matrices stays whole', () => {
    const h = 8192
    // Whole on each device: A of q, k, v, gate and up, B of o and down.
    const whole = 2 * 80 * (5 * h + 2 * h)
    const [one, two, eight] = [1, 2, 8].map((tensorParallel) =>
      bytesOf(layout(llama2x70b, h100, { tensorParallel })),
    )
    expect(two! - whole).toBeCloseTo((one! - whole) / 2, 3)
    expect(eight! - whole).toBeCloseTo((one! - whole) / 8, 3)
  })

  it('leaves out routed experts, and stages share it', () => {
    const attention = { ...layout(mixtral, h100), adapterModules: 'attention' as const }
    expect(bytesOf(layout(mixtral, h100))).toBe(bytesOf(attention))
    expect(bytesOf(layout(deepseekV3, h100))).toBeGreaterThan(0)
    expect(bytesOf(layout(llama2x70b, h100, { pipelineParallel: 4 }))).toBe(
      bytesOf(layout(llama2x70b, h100)) / 4,
    )
  })

  it('is taken from the KV cache for each slot', () => {
    const memory = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }
    const without = memoryFootprint(small, memory)
    const footprint = memoryFootprint(small, { ...memory, adapters: { slots: 8, rank: 64 } })
    expect(footprint.adapterBytes).toBe(8 * 64 * bytesOf(small))
    expect(without.kvCacheBytes - footprint.kvCacheBytes).toBeCloseTo(footprint.adapterBytes, 0)
    const sum = footprint.parts.reduce((total, { bytes }) => total + bytes, 0)
    expect(sum).toBeCloseTo(footprint.deviceBytes, 0)
    const many = { ...memory, adapters: { slots: 200, rank: 256 } }
    expect(() => {
      requireFit(memoryFootprint(small, many), small, many)
    }).toThrow(/LoRA adapters 2\d\d\.\d/)
  })
})

const models: readonly (readonly [string, CostModel])[] = [
  ['roofline', rooflineCostModel.create(options(small))],
  ['calibrated', calibratedCostModel.create(options(small))],
  [
    'speculative',
    new Speculative({
      target: rooflineCostModel.create(options({ ...small, verifiedTokens: 3 })),
      draft: rooflineCostModel.create(options(small)),
      acceptance: [0.7, 0.5],
    }),
  ],
  [
    'context parallel',
    new ContextParallel(rooflineCostModel.create(options(small)), { ...small, contextParallel: 2 }),
  ],
]

describe.each(models)('LoRA adapters with the cost model %s', (_name, model) => {
  it('cost nothing where no token has one', () => {
    const { adapters: _adapters, ...plain } = work({})
    expect(seconds(model, { ...plain, adapters: undefined })).toBe(seconds(model, plain))
  })

  it('cost more with more of them, a higher rank, and more tokens', () => {
    const one = seconds(model, work({}))
    const { adapters: _adapters, ...plain } = work({})
    expect(one).toBeGreaterThan(seconds(model, plain))
    expect(seconds(model, work({ adapters: 8, ranks: 128 }))).toBeGreaterThan(one)
    expect(seconds(model, work({ ranks: 64, decodeRanks: 2048 }))).toBeGreaterThan(one)
    const prompt = { prefillTokens: 500, prefillAttention: 125_250, logits: 33 }
    const mixed = seconds(model, work({ prefillTokens: 500, prefillRanks: 8000 }, prompt))
    expect(mixed).toBeGreaterThan(seconds(model, work({}, prompt)))
  })

  it.each([
    ['decodes', work({ adapters: 3, ranks: 48 })],
    [
      'prompts',
      work(
        { decodes: 0, decodeRanks: 0, prefillTokens: 500, prefillRanks: 8000 },
        { prefillTokens: 500, prefillAttention: 125_250, decodes: 0, decodeContext: 0, logits: 1 },
      ),
    ],
    [
      'both',
      work(
        { adapters: 2, ranks: 32, prefillTokens: 500, prefillRanks: 8000 },
        { prefillTokens: 500, prefillAttention: 125_250, logits: 33 },
      ),
    ],
    [
      'prompts that have some beside decodes that have none',
      work(
        { decodes: 0, decodeRanks: 0, prefillTokens: 500, prefillRanks: 8000 },
        { prefillTokens: 500, prefillAttention: 125_250, logits: 33 },
      ),
    ],
  ])('are operators of their own: %s', (_step, of) => {
    const operators = model.breakdown(of)
    const sum = operators.reduce((total, operator) => total + operator.seconds, 0)
    expect(sum / seconds(model, of)).toBeCloseTo(1, 9)
    const names = operators.map(({ name }) => name).filter((name) => name.startsWith('adapter_'))
    expect(names.sort()).toEqual(['adapter_expand', 'adapter_shrink'])
  })
})

describe('LoRA adapters by first principles', () => {
  it('read the weights of each different one once', () => {
    const [, model] = models[0]!
    const more = seconds(model, work({ adapters: 9, ranks: 144 })) - seconds(model, work({}))
    const bandwidth = (128 * bytesOf(small)) / more
    expect(bandwidth / h100.memory_bandwidth_bytes_per_s).toBeGreaterThan(0.7)
    expect(bandwidth / h100.memory_bandwidth_bytes_per_s).toBeLessThan(1)
  })

  it('add about 2 ms to a token of a model of 7 to 8 billion parameters (Punica, section 7)', () => {
    const [, model] = models[0]!
    const { adapters: _adapters, ...plain } = work({})
    const added = seconds(model, work({ adapters: 32, ranks: 512 })) - seconds(model, plain)
    expect(added).toBeGreaterThan(0.0005)
    expect(added).toBeLessThan(0.004)
  })
})
