import { accelerators } from '@llmsim/catalog-hardware'
import { models } from '@llmsim/catalog-models'
import {
  Accelerator,
  bytesPerElement,
  causalPairs,
  type CostModelOptions,
  emptyWork,
  isSimulatorError,
  Model,
  parameterCounts,
  type StepWork,
} from '@llmsim/contracts'
import {
  calibratedCostModel,
  memoryFootprint,
  resolveComputeFormat,
  rooflineCostModel,
  tensorParallelSizes,
} from '@llmsim/cost-models'
import { describe, expect, it } from 'vitest'
import { loadRegistries } from './registries.js'
import { measuredCosts } from './validation/measured-costs.js'

const knownModels = models.map((entry) => Model.parse(entry))
const devices = accelerators.map((entry) => Accelerator.parse(entry))
const registries = await loadRegistries({}, '.')
const memoryOptions = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 64 }

/** A model on the fewest devices of one node that hold it; undefined where none do. */
function smallestLayout(model: Model, accelerator: Accelerator): CostModelOptions | undefined {
  const link = ({ bandwidth_bytes_per_s, latency_s }: Accelerator['scale_out']) => ({
    bandwidthBytesPerSecond: bandwidth_bytes_per_s,
    latencySeconds: latency_s,
  })
  const layout = (tensorParallel: number): CostModelOptions => ({
    model,
    accelerator,
    tensorParallel,
    pipelineParallel: 1,
    devicesPerNode: accelerator.devices_per_node,
    intraNode: link(accelerator.scale_up),
    interNode: link(accelerator.scale_out),
    weightFormat: model.dtype,
    activationFormat: 'bf16',
    kvCacheFormat: 'bf16',
    calibration: measuredCosts(accelerator, registries)?.calibration,
    // The kernels alone: nothing of an engine hides a kernel that would be too fast.
    engineProfile: registries.engineProfiles.get('bare'),
    extra: {},
  })
  const limit = accelerator.devices_per_node
  const sizes = tensorParallelSizes(layout(1), limit)
  return sizes.map(layout).find((each) => memoryFootprint(each, memoryOptions).kvBlocks > 0)
}

/** What the parameters of the layers and the head cost at least: seconds to read, FLOP for a token. */
function floors({
  model,
  accelerator,
  tensorParallel,
  weightFormat,
  activationFormat,
}: CostModelOptions) {
  const counts = parameterCounts(model)
  const layers = counts.active - counts.embedding - counts.lmHead
  const { flopPerSecond } = resolveComputeFormat(accelerator, weightFormat, activationFormat)
  return {
    read:
      (layers * bytesPerElement[weightFormat]) /
      (tensorParallel * accelerator.memory_bandwidth_bytes_per_s),
    compute: (tokens: number) => (2 * layers * tokens) / (tensorParallel * flopPerSecond),
  }
}

const decode: StepWork = { ...emptyWork(), decodes: 1, decodeContext: 1, logits: 1 }
const prefill: StepWork = {
  ...emptyWork(),
  prefillTokens: 8192,
  prefillAttention: causalPairs(8192, 0),
  logits: 1,
}

describe.each([calibratedCostModel, rooflineCostModel])('cost model $name', (factory) => {
  it.each(devices)('reads each weight once and keeps below the dense peak on $name', (device) => {
    let laidOut = 0
    for (const model of knownModels) {
      const layout = smallestLayout(model, device)
      if (layout === undefined) continue
      const cost = { seconds: 0.5, growth: 0.5, horizon: 1.5 }
      try {
        const costModel = factory.create(layout)
        const floor = floors(layout)
        costModel.step(decode, cost)
        expect(cost.seconds, `${model.name}: a token`).toBeGreaterThanOrEqual(floor.read)
        costModel.step(prefill, cost)
        expect(cost.seconds, `${model.name}: a prompt`).toBeGreaterThanOrEqual(floor.compute(8192))
        laidOut++
      } catch (error) {
        // Formats that the device cannot compute in are refused, not simulated.
        if (!isSimulatorError(error)) throw error
      }
    }
    expect(laidOut).toBeGreaterThan(0)
  })
})
