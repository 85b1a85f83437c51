import type {
  Calibration,
  CostModel,
  CostModelOptions,
  EngineProfile,
  StepWork,
} from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibratedCostModel, datasheetCalibration, usualEngineProfile } from './calibrated.js'
import { weightBytesPerDevice } from './memory-footprint.js'
import {
  accelerators,
  deepseekV3,
  h100,
  layout,
  llama2x70b,
  llama3x8b,
  mixtral,
  models,
  v100,
  windowedModel,
} from './test/fixtures.js'

const base = datasheetCalibration(h100)
/** Steeper than any real device, so that every line of decode attention is met. */
const odd: Calibration = {
  ...base,
  kernels: {
    ...base.kernels,
    decode_attention: {
      bf16: {
        memory_fraction: 0.9,
        compute_fraction: 0.02,
        floor_s: 60e-6,
        latency_s: 5e-6,
        sequence_head_s: 1e-8,
        tile_rows: 16,
      },
    },
  },
}
const bare: EngineProfile = {
  ...usualEngineProfile,
  name: 'bare',
  step_s: { decode: 0, prefill: 0 },
  layer_s: { decode: 0, prefill: 0 },
  rank_s: 0,
  sequence_s: 0,
  elementwise_kernels_per_layer: 0,
}

const layouts = [
  layout(llama2x70b, h100, { tensorParallel: 8 }),
  layout(llama2x70b, h100, { tensorParallel: 8, pipelineParallel: 2 }),
  layout(llama3x8b, v100, { weightFormat: 'fp16', activationFormat: 'fp16' }),
  layout(mixtral, h100, { tensorParallel: 2, weightFormat: 'fp8', activationFormat: 'fp8' }),
  layout(deepseekV3, h100, { tensorParallel: 16, weightFormat: 'fp8', kvCacheFormat: 'fp8' }),
  layout(windowedModel, h100, { weightFormat: 'int4' }),
]
/** Eager beyond a few tokens. */
const eagerProfile: EngineProfile = {
  ...usualEngineProfile,
  launch_s: { dense: 2e-4, experts: 3e-4 },
  captured_tokens: 200,
}
const costModels = layouts.flatMap((given) =>
  [undefined, odd].flatMap((calibration) =>
    [undefined, eagerProfile].map((engineProfile) =>
      calibratedCostModel.create({ ...given, calibration, engineProfile, extra: {} }),
    ),
  ),
)

const anyWork: fc.Arbitrary<StepWork> = fc
  .record({
    prefillTokens: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
    history: fc.nat(8000),
    decodes: fc.nat(300),
    context: fc.integer({ min: 1, max: 9000 }),
  })
  .map(({ prefillTokens, history, decodes, context }) => {
    const some = prefillTokens + decodes === 0 ? 1 : decodes
    return {
      prefillTokens,
      prefillAttention: prefillTokens * (history + (prefillTokens + 1) / 2),
      decodes: some,
      decodeContext: some * context,
      logits: some + (prefillTokens > 0 ? 1 : 0),
    }
  })

function cost(model: CostModel, work: StepWork) {
  const into = { seconds: NaN, growth: NaN, horizon: NaN }
  model.step(work, into)
  return into
}

const seconds = (model: CostModel, work: StepWork): number => cost(model, work).seconds

const anyModel = fc.constantFrom(...costModels)

const decoding = (decodes: number, context: number): StepWork => ({
  prefillTokens: 0,
  prefillAttention: 0,
  decodes,
  decodeContext: decodes * context,
  logits: decodes,
})

describe('calibrated', () => {
  it('takes more for more work, in each part of it', () => {
    fc.assert(
      fc.property(anyModel, anyWork, fc.integer({ min: 1, max: 500 }), (model, work, more) => {
        const least = seconds(model, work) * (1 - 1e-12)
        const larger: Partial<StepWork>[] = [
          {
            prefillTokens: work.prefillTokens + more,
            prefillAttention: work.prefillAttention + (more * (more + 1)) / 2,
          },
          { decodeContext: work.decodeContext + (work.decodes > 0 ? more : 0) },
          { decodes: work.decodes + 1, decodeContext: work.decodeContext + more },
          { logits: work.logits + more },
        ]
        for (const change of larger)
          expect(seconds(model, { ...work, ...change })).toBeGreaterThanOrEqual(least)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps to its line as far as its horizon', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 9000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (model, decodes, context, where) => {
          const work = decoding(decodes, context)
          const { seconds: first, growth, horizon } = cost(model, work)
          const furthest = Math.min(horizon, 100_000) - 1
          for (const k of [Math.min(1, furthest), Math.floor(where * furthest), furthest]) {
            const then = seconds(model, {
              ...work,
              decodeContext: work.decodeContext + k * decodes,
            })
            expect(Math.abs(then - (first + k * growth))).toBeLessThanOrEqual(1e-9 * then)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('ends its line where attention changes its regime', () => {
    const model = calibratedCostModel.create({
      ...layout(llama3x8b, h100),
      calibration: odd,
      extra: {},
    })
    const { growth, horizon } = cost(model, decoding(1, 16))
    expect(growth).toBe(0)
    expect(horizon).toBeLessThan(1e6)
    expect(cost(model, decoding(1, 16 + horizon + 1)).growth).toBeGreaterThan(0)
  })

  it('has a breakdown that adds up, and nothing faster than the datasheet', () => {
    fc.assert(
      fc.property(fc.nat(costModels.length - 1), anyWork, (index, work) => {
        const model = costModels[index]!
        const { accelerator } = layouts[Math.floor(index / 4)]!
        const parts = model.breakdown(work)
        const sum = parts.reduce((total, part) => total + part.seconds, 0)
        expect(Math.abs(sum / seconds(model, work) - 1)).toBeLessThan(1e-9)
        const peak = Math.max(
          ...Object.values(accelerator.peak_flop_per_s).map((flop) => flop ?? 0),
        )
        for (const part of parts) {
          const least = Math.max(
            part.flop / peak,
            part.bytes / accelerator.memory_bandwidth_bytes_per_s,
          )
          expect(part.seconds, part.name).toBeGreaterThanOrEqual(least * (1 - 1e-9))
        }
      }),
    )
  })

  it('reads the weights at least once per step, whatever the engine', () => {
    for (const accelerator of accelerators)
      for (const model of models) {
        const format = accelerator.peak_flop_per_s.bf16 === undefined ? 'fp16' : 'bf16'
        const given = layout(model, accelerator, {
          tensorParallel: 8,
          weightFormat: format,
          activationFormat: format,
          kvCacheFormat: format,
        })
        const built = calibratedCostModel.create({ ...given, engineProfile: bare, extra: {} })
        const embedding = (2 * model.vocab_size * model.hidden_size) / 8
        const read = weightBytesPerDevice(given) - (model.tied_embeddings ? 0 : embedding)
        // Tokens enough that every expert is visited.
        const step = seconds(built, decoding(4096, 1))
        expect(step).toBeGreaterThan((read / accelerator.memory_bandwidth_bytes_per_s) * 0.98)
      }
  })

  it('adds what the engine profile says', () => {
    const given = layout(llama3x8b, h100)
    const lean = calibratedCostModel.create({ ...given, engineProfile: bare, extra: {} })
    const slow = calibratedCostModel.create({
      ...given,
      engineProfile: {
        ...bare,
        step_s: { decode: 1e-3, prefill: 3e-3 },
        layer_s: { decode: 0, prefill: 1e-6 },
        sequence_s: 1e-5,
        token_s: 1e-7,
      },
      extra: {},
    })
    const work = decoding(10, 100)
    expect(seconds(slow, work) - seconds(lean, work)).toBeCloseTo(1e-3 + 10e-5 + 10e-7, 9)
    const prompt = { ...work, prefillTokens: 100, prefillAttention: 5050 }
    expect(seconds(slow, prompt) - seconds(lean, prompt)).toBeCloseTo(
      3e-3 + 32e-6 + 10e-5 + 110e-7,
      9,
    )
    const half = calibratedCostModel.create({
      ...given,
      engineProfile: { ...bare, kernel_time_ratio: { gemm: 2 } },
      extra: {},
    })
    expect(seconds(half, work)).toBeGreaterThan(1.5 * seconds(lean, work))
  })

  it('takes as long as the host to launch a step with prompts, unless its graph was captured', () => {
    const given = layout(llama3x8b, h100)
    const build = (profile: Partial<EngineProfile>): CostModel =>
      calibratedCostModel.create({ ...given, engineProfile: { ...bare, ...profile }, extra: {} })
    const kernels = build({})
    const eager = build({ launch_s: { dense: 1e-3, experts: 0 } })
    const captured = build({ launch_s: { dense: 1e-3, experts: 0 }, captured_tokens: 64 })
    const prompt = (prefillTokens: number): StepWork => ({
      ...decoding(10, 100),
      prefillTokens,
      prefillAttention: (prefillTokens * (prefillTokens + 1)) / 2,
    })
    expect(seconds(eager, prompt(54))).toBeCloseTo(32e-3, 12)
    expect(seconds(captured, prompt(54))).toBe(seconds(kernels, prompt(54)))
    expect(seconds(captured, prompt(55))).toBeCloseTo(32e-3, 12)
    expect(seconds(eager, prompt(8192))).toBe(seconds(kernels, prompt(8192)))
    expect(seconds(eager, decoding(64, 100))).toBe(seconds(kernels, decoding(64, 100)))
    const parts = eager.breakdown(prompt(54)).reduce((sum, part) => sum + part.seconds, 0)
    expect(parts).toBeCloseTo(32e-3, 12)
  })

  it('spreads whole experts, loads them unevenly, and moves tokens to them, as the layout says', () => {
    const given = layout(deepseekV3, h100, { tensorParallel: 8, weightFormat: 'fp8' })
    const build = (changes: Partial<CostModelOptions>): CostModel =>
      calibratedCostModel.create({ ...given, ...changes, extra: {} })
    const part = (model: CostModel, name: string): number =>
      model.breakdown(decoding(64, 1000)).find((operator) => operator.name === name)?.seconds ?? 0
    const ranks = { tensorParallel: 1, attentionDataParallel: 8, expertParallel: 8 }
    const spread = build(ranks)
    expect(part(spread, 'expert_dispatch')).toBeGreaterThan(0)
    expect(part(build({}), 'expert_dispatch')).toBe(0)
    const prompts = (model: CostModel): number => {
      const work = { ...decoding(0, 0), prefillTokens: 4096, prefillAttention: 4096 * 2048 }
      return model.breakdown(work).find(({ name }) => name === 'experts')?.seconds ?? 0
    }
    expect(prompts(spread)).toBeGreaterThan(0)
    expect(prompts(build({ ...ranks, expertImbalance: 2 }))).toBeGreaterThan(prompts(spread))
  })

  it('names what is wrong with an option', () => {
    const create = (extra: Record<string, unknown>) => () =>
      calibratedCostModel.create({ ...layout(mixtral, h100), extra })
    expect(create({ step_overhead: 2 })).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_FIELD',
        nearest: expect.arrayContaining(['step_overhead_us']),
      }),
    )
    expect(create({ step_overhead_us: -1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    )
  })

  it.each([
    ['expert_parallel_size', 8, 'parallelism.expert_parallel_size (--ep)'],
    ['all_to_all_backend', 'expert', 'parallelism.all_to_all_backend'],
    ['expert_imbalance', 2, 'parallelism.expert_imbalance'],
  ])('leaves %s to the layout, and says where it is', (name, value, place) => {
    const create = (): CostModel =>
      calibratedCostModel.create({ ...layout(mixtral, h100), extra: { [name]: value } })
    expect(create).toThrow(expect.objectContaining({ code: 'UNKNOWN_FIELD' }))
    expect(create).toThrow(place)
  })
})
