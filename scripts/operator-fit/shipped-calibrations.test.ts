import { calibrations, engineProfiles } from '@llmsim/catalog-calibrations'
import { accelerators } from '@llmsim/catalog-hardware'
import { models } from '@llmsim/catalog-models'
import { testCostModel } from '@llmsim/conformance'
import {
  Accelerator,
  bytesPerElement,
  Calibration,
  EngineProfile,
  Model,
  type NumberFormat,
  type ReplicaLayout,
} from '@llmsim/contracts'
import { calibratedCostModel, weightBytesPerDevice } from '@llmsim/cost-models'
import { describe, expect, it } from 'vitest'

const datasheets = accelerators.map((entry) => Accelerator.parse(entry))
const shipped = calibrations.map((entry) => Calibration.parse(entry))
const engines = engineProfiles.map((entry) => EngineProfile.parse(entry))
const known = models.map((entry) => Model.parse(entry))
const representative = ['llama3.1-8b', 'llama3.1-70b', 'mixtral-8x7b', 'deepseek-v3', 'gemma2-9b']
  .map((name) => known.find((model) => model.name === name || model.aliases.includes(name)))
  .filter((model) => model !== undefined)
const bare = engines.find(({ name }) => name === 'bare')!
const vllm = engines.find(({ name }) => name === 'vllm')!

function layout(
  model: Model,
  accelerator: Accelerator,
  tensorParallel: number,
  weightFormat: NumberFormat,
): ReplicaLayout {
  const link = (speed: Accelerator['scale_up']): ReplicaLayout['intraNode'] => ({
    bandwidthBytesPerSecond: speed.bandwidth_bytes_per_s,
    latencySeconds: speed.latency_s,
  })
  return {
    model,
    accelerator,
    tensorParallel,
    pipelineParallel: 1,
    devicesPerNode: accelerator.devices_per_node,
    intraNode: link(accelerator.scale_up),
    interNode: link(accelerator.scale_out),
    weightFormat,
    activationFormat: weightFormat,
    kvCacheFormat: 'bf16',
  }
}

describe('shipped calibrations', () => {
  it('cover models of every kind of attention and network', () => {
    expect(representative.length).toBeGreaterThanOrEqual(4)
  })

  describe.each(shipped)('$name', (calibration) => {
    const accelerator = datasheets.find(({ name }) => name === calibration.name)!
    const formats = (['bf16', 'fp8', 'fp4'] as const).filter(
      (format) => accelerator.peak_flop_per_s[format] !== undefined,
    )

    it('never read weights faster than the memory, nor compute faster than the peak', () => {
      const bandwidth = accelerator.memory_bandwidth_bytes_per_s
      const into = { seconds: 0, growth: 0, horizon: 1 }
      for (const model of representative)
        for (const format of formats)
          for (const tensorParallel of [1, 8]) {
            const given = layout(model, accelerator, tensorParallel, format)
            const built = calibratedCostModel.create({
              ...given,
              calibration,
              engineProfile: bare,
              extra: {},
            })
            const embedding = model.tied_embeddings
              ? 0
              : (bytesPerElement.bf16 * model.vocab_size * model.hidden_size) / tensorParallel
            const dense = model.ffn.kind === 'dense'
            const decodes = dense ? 1 : 8192
            const decode = {
              prefillTokens: 0,
              prefillAttention: 0,
              decodes,
              decodeContext: decodes,
              logits: decodes,
            }
            built.step(decode, into)
            const least = (weightBytesPerDevice(given) - embedding) / bandwidth
            expect(into.seconds, `${model.name} ${format}`).toBeGreaterThan(0.98 * least)
            const prompt = {
              prefillTokens: 8192,
              prefillAttention: 8192 * 4096.5,
              decodes: 0,
              decodeContext: 0,
              logits: 1,
            }
            const peak = Math.max(
              ...Object.values(accelerator.peak_flop_per_s).map((flop) => flop ?? 0),
            )
            for (const part of built.breakdown(prompt)) {
              expect(part.seconds, part.name).toBeGreaterThanOrEqual(
                (1 - 1e-9) * (part.flop / peak),
              )
              expect(part.seconds, part.name).toBeGreaterThanOrEqual(
                (1 - 1e-9) * (part.bytes / bandwidth),
              )
            }
          }
    })

    it('decode sooner with int4 weights than with bf16, and read prompts about as fast', () => {
      const model = known.find(({ name }) => name === 'llama3.1-8b')!
      const into = { seconds: 0, growth: 0, horizon: 1 }
      const times = (['bf16', 'int4'] as const).map((weightFormat) => {
        const built = calibratedCostModel.create({
          ...layout(model, accelerator, 1, weightFormat),
          activationFormat: 'bf16',
          calibration,
          engineProfile: bare,
          extra: {},
        })
        const none = { prefillTokens: 0, prefillAttention: 0, decodes: 0, decodeContext: 0 }
        built.step({ ...none, decodes: 1, decodeContext: 512, logits: 1 }, into)
        const decode = into.seconds
        built.step(
          { ...none, prefillTokens: 2048, prefillAttention: 2048 * 1024.5, logits: 1 },
          into,
        )
        return { decode, prompt: into.seconds }
      })
      const [wide, narrow] = times
      // Without a curve of their own they are bound by the tiles of bf16 where units are slow.
      const measured = calibration.kernels.gemm.int4 !== undefined
      expect(narrow!.decode).toBeLessThan((measured ? 0.55 : 1) * wide!.decode)
      expect(narrow!.prompt).toBeLessThan(1.2 * wide!.prompt)
    })

    for (const model of representative)
      testCostModel(
        { describe, it },
        calibratedCostModel.create({
          ...layout(model, accelerator, 8, formats.at(-1) ?? 'bf16'),
          calibration,
          engineProfile: vllm,
          extra: {},
        }),
        { steps: 100 },
      )
  })
})
