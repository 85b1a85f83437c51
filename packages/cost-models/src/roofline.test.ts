import { causalPairs, emptyWork, type StepCost, type StepWork } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rooflineCostModel, weightBytesPerDevice } from './index.js'
import {
  accelerators,
  h100,
  layout,
  llama2x70b,
  mi300x,
  models,
  windowedModel,
} from './test/fixtures.js'

const cost = (): StepCost => ({ seconds: 0, growth: 0, horizon: 1 })

function decoding(decodes: number, context: number): StepWork {
  return { ...emptyWork(), decodes, decodeContext: decodes * context, logits: decodes }
}

function seconds(model: ReturnType<typeof rooflineCostModel.create>, work: StepWork): number {
  const into = cost()
  model.step(work, into)
  return into.seconds
}

/** Every model on every device that can compute it, at some parallel sizes. */
const layouts = models.flatMap((model) =>
  accelerators.flatMap((accelerator) =>
    [
      { tensorParallel: 1 },
      { tensorParallel: 8 },
      { tensorParallel: 16 },
      { tensorParallel: 4, pipelineParallel: 3 },
    ].map((sizes) => layout(model, accelerator, sizes)),
  ),
)
const costModels = layouts.map((given) => rooflineCostModel.create({ ...given, extra: {} }))
const anyModel = fc.constantFrom(...costModels)

const anyWork = fc
  .record({
    prefillTokens: fc.nat(10_000),
    cached: fc.nat(20_000),
    decodes: fc.nat(600),
    context: fc.nat(20_000),
  })
  .map(({ prefillTokens, cached, decodes, context }) => ({
    prefillTokens,
    prefillAttention: causalPairs(prefillTokens, cached),
    decodes,
    decodeContext: decodes * (context + 1),
    logits: decodes + (prefillTokens > 0 ? 1 : 0),
  }))

describe('roofline', () => {
  it('takes no time for no work', () => {
    for (const model of costModels) expect(seconds(model, emptyWork())).toBe(0)
  })

  it('is monotone in each field of the work', () => {
    const field = fc.constantFrom(
      ...(['prefillTokens', 'prefillAttention', 'decodes', 'decodeContext', 'logits'] as const),
    )
    fc.assert(
      fc.property(
        anyModel,
        anyWork,
        field,
        fc.integer({ min: 1, max: 5000 }),
        (model, work, name, more) => {
          const before = seconds(model, work)
          const after = seconds(model, { ...work, [name]: work[name] + more })
          expect(after).toBeGreaterThanOrEqual(before * (1 - 1e-15))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('states a line that following steps lie on', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 1, max: 30_000 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
        fc.nat(600),
        (model, decodes, context, shares, uneven) => {
          const work = decoding(decodes, context)
          work.decodeContext += uneven % decodes
          const line = cost()
          model.step(work, line)
          expect(line.horizon).toBeGreaterThanOrEqual(1)
          const last = Math.min(line.horizon, 1e7) - 1
          for (const share of [...shares, 1]) {
            const k = Math.floor(share * last)
            const there = seconds(model, {
              ...work,
              decodeContext: work.decodeContext + k * decodes,
            })
            const stated = line.seconds + k * line.growth
            expect(Math.abs(stated - there)).toBeLessThanOrEqual(1e-12 * there)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('lasts about until a window is full, then grows more slowly', () => {
    const model = rooflineCostModel.create({ ...layout(windowedModel, h100), extra: {} })
    const early = cost()
    model.step(decoding(16, 1000), early)
    expect(early.horizon).toBe(24)
    const late = cost()
    model.step(decoding(16, 2000), late)
    expect(late.horizon).toBe(Infinity)
    expect(late.growth).toBeLessThan(early.growth)
    expect(late.growth).toBeGreaterThan(0)
  })

  it('breaks a step down into operators that add up to it', () => {
    fc.assert(
      fc.property(anyModel, anyWork, (model, work) => {
        const total = model.breakdown(work).reduce((sum, part) => sum + part.seconds, 0)
        expect(Math.abs(total - seconds(model, work))).toBeLessThanOrEqual(1e-12 * total)
      }),
      { numRuns: 1000 },
    )
  })

  it('never reads weights faster than the memory, nor computes faster than the dense peak', () => {
    fc.assert(
      fc.property(fc.nat(layouts.length - 1), anyWork, (index, work) => {
        const given = layouts[index]!
        const model = costModels[index]!
        const { accelerator } = given
        const peak = Math.max(
          ...Object.values(accelerator.peak_flop_per_s).map((flop) => flop ?? 0),
        )
        for (const part of model.breakdown(work)) {
          expect(part.seconds).toBeGreaterThanOrEqual(part.flop / peak)
          expect(part.seconds).toBeGreaterThanOrEqual(
            part.bytes / accelerator.memory_bandwidth_bytes_per_s,
          )
        }
      }),
    )
  })

  it('counts the FLOP and the bytes of a Llama 2 70B decode step', () => {
    const given = layout(llama2x70b, mi300x, { tensorParallel: 8 })
    const model = rooflineCostModel.create({ ...given, extra: {} })
    const parts = model.breakdown(decoding(32, 800))
    const flop = parts.reduce((sum, part) => sum + part.flop, 0)
    // 80 layers of (64 + 16) * 128 * 8192 + 64 * 128 * 8192 + 3 * 28672 * 8192 weights, and the head.
    const weights = 80 * (8192 * 10240 + 8192 * 8192 + 3 * 8192 * 28672) + 8192 * 32000
    const attention = 80 * 4 * 64 * 128 * 800 * 32
    expect(flop).toBeCloseTo((2 * weights * 32 + attention) / 8, -3)
    const kv = parts.find((part) => part.name === 'attention_decode_full')!
    const rows = 80 * 32 * 2 * 64 * 128 * 2
    expect(kv.bytes).toBe((32 * 800 * 327_680 + rows) / 8)
    const least = weightBytesPerDevice(given) / 5.3e12
    expect(seconds(model, decoding(1, 1))).toBeGreaterThan(least * 0.99)
    expect(seconds(model, decoding(32, 800))).toBeLessThan(12 * least)
  })

  it('reads from its options what the defaults would say', () => {
    const given = layout(llama2x70b, h100, { tensorParallel: 8 })
    const ideal = rooflineCostModel.create({
      ...given,
      extra: {
        compute_efficiency: 1,
        eight_bit_efficiency: 1,
        memory_efficiency: 1,
        prefill_attention_efficiency: 1,
        decode_attention_efficiency: 1,
        communication_efficiency: 1,
        half_flop: 0,
        half_bytes: 0,
        layer_overhead_us: 0,
        collective_overhead_us: 0,
        step_overhead_us: 0,
        sequence_overhead_us: 0,
      },
    })
    const usual = rooflineCostModel.create({ ...given, extra: {} })
    const work = decoding(16, 500)
    expect(seconds(ideal, work)).toBeLessThan(seconds(usual, work))
    const slower = rooflineCostModel.create({ ...given, extra: { step_overhead_us: 9000 } })
    const base = rooflineCostModel.create({ ...given, extra: { step_overhead_us: 0 } })
    expect(seconds(slower, work) - seconds(base, work)).toBeCloseTo(9e-3, 12)
  })

  it('names what is wrong with an option', () => {
    const create = (extra: Record<string, unknown>) => () =>
      rooflineCostModel.create({ ...layout(llama2x70b, h100), extra })
    expect(create({ compute_eficiency: 0.5 })).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_FIELD',
        path: 'cost_model.options.compute_eficiency',
        nearest: expect.arrayContaining(['compute_efficiency']),
      }),
    )
    for (const extra of [
      { memory_efficiency: 0 },
      { memory_efficiency: 1.1 },
      { memory_efficiency: '0.5' },
      { half_flop: -1 },
      { step_overhead_us: Infinity },
    ])
      expect(create(extra)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }))
  })
})
