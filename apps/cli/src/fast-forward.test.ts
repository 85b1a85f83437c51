import { accelerators } from '@llmsim/catalog-hardware'
import { models } from '@llmsim/catalog-models'
import { randomSpecification, resultDifferences } from '@llmsim/conformance'
import {
  Accelerator,
  type CostModel,
  Model,
  type ReplicaLayout,
  type SimulationSpec,
} from '@llmsim/contracts'
import { calibratedCostModel, rooflineCostModel, Speculative } from '@llmsim/cost-models'
import { schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { describe, expect, it } from 'vitest'

function costModelOf(
  modelName: string,
  acceleratorName: string,
  parallel: number,
  factory = rooflineCostModel,
  { window, ...spread }: Partial<ReplicaLayout> & { window?: number } = {},
): CostModel {
  const entry = models.map((entry) => Model.parse(entry)).find(({ name }) => name === modelName)!
  const model = window === undefined ? entry : withWindow(entry, window)
  const accelerator = accelerators
    .map((entry) => Accelerator.parse(entry))
    .find(({ name }) => name === acceleratorName)!
  const link = (of: typeof accelerator.scale_up) => ({
    bandwidthBytesPerSecond: of.bandwidth_bytes_per_s,
    latencySeconds: of.latency_s,
  })
  return factory.create({
    model,
    accelerator,
    tensorParallel: parallel,
    pipelineParallel: 1,
    devicesPerNode: accelerator.devices_per_node,
    intraNode: link(accelerator.scale_up),
    interNode: link(accelerator.scale_out),
    weightFormat: 'bf16',
    activationFormat: 'bf16',
    kvCacheFormat: 'bf16',
    ...spread,
    extra: {},
  })
}

/** With windows or chunks so short that the random requests pass them. */
function withWindow(model: Model, tokens: number): Model {
  const { attention } = model
  if (attention.kind === 'mla' && attention.indexer !== undefined) {
    const indexer = { ...attention.indexer, topk: tokens }
    return { ...model, attention: { ...attention, indexer } }
  }
  if (attention.kind !== 'gqa' || attention.window === undefined) throw new Error('no window')
  return { ...model, attention: { ...attention, window: { ...attention.window, tokens } } }
}

/** Grouped-query attention, small and large; experts, spread and not; a window of 128 tokens; latent attention, sparse and not. */
const costModels = [
  costModelOf('llama3.2-1b', 'h100-80gb', 1),
  costModelOf('llama2-70b', 'mi300x', 8),
  costModelOf('gpt-oss-20b', 'a100-80gb', 1),
  costModelOf('mixtral-8x7b', 'h100-80gb', 2),
  costModelOf('deepseek-v2-lite', 'tpu-v5e', 4),
  costModelOf('gemma3-4b', 'h100-80gb', 1, calibratedCostModel),
  costModelOf('gpt-oss-20b', 'mi300x', 1, calibratedCostModel),
  costModelOf('llama4-scout', 'h200', 8, rooflineCostModel, { window: 64 }),
  costModelOf('deepseek-v3.2', 'h200', 8, calibratedCostModel, { window: 96 }),
  costModelOf('glm-5', 'h200', 8, rooflineCostModel, { window: 96 }),
  costModelOf('deepseek-v2-lite', 'h100-80gb', 1, calibratedCostModel, {
    attentionDataParallel: 16,
    expertParallel: 16,
    allToAllBackend: 'deepep_low_latency',
  }),
  costModelOf('deepseek-v2-lite', 'h100-80gb', 2, rooflineCostModel, { attentionDataParallel: 2 }),
  new Speculative({
    target: costModelOf('deepseek-v2-lite', 'h100-80gb', 1, calibratedCostModel, {
      attentionDataParallel: 2,
      expertParallel: 2,
      verifiedTokens: 3,
    }),
    draft: costModelOf('llama3.2-1b', 'h100-80gb', 1, calibratedCostModel),
    acceptance: [0.8, 0.5],
  }),
]

const scenarios = 300

/** Any scenario of a seed, with real costs. */
function specification(schedulerIndex: number, seed: number): SimulationSpec {
  return randomSpecification(seed, {
    createScheduler: (options) => schedulers[schedulerIndex]!.create(options),
    createCostModel: () => costModels[seed % costModels.length]!,
  })
}

describe.each(schedulers.map((scheduler, i) => [scheduler.name, i] as const))(
  'the fast-forward under the scheduler %s',
  (_name, index) => {
    it(`equals stepping in ${scenarios} random scenarios, to 1e-9`, () => {
      let disaggregated = 0
      let preemptions = 0
      for (let seed = 1; seed <= scenarios; seed++) {
        // Quantiles from a histogram in one half of them, and of whole values in the other.
        const exact = { exactQuantiles: seed % 2 === 0 }
        const jumped = simulate({ ...specification(index, seed), ...exact })
        const stepped = simulate({ ...specification(index, seed), ...exact, stepByStep: true })
        expect(resultDifferences(jumped, stepped, 1e-9), `seed ${seed}`).toEqual([])
        // The clock reads the same to the last bit, so that of two events the same one comes first.
        expect(stepped.simulation_time, `seed ${seed}`).toBe(jumped.simulation_time)
        if (jumped.pools.length > 1) disaggregated++
        preemptions += jumped.preemptions
      }
      // The scenarios are worth it: both kinds of deployment, and memory that runs out.
      expect(disaggregated).toBeGreaterThan(scenarios / 4)
      expect(disaggregated).toBeLessThan((3 * scenarios) / 4)
      expect(preemptions).toBeGreaterThan(0)
    }, 120_000)
  },
)
