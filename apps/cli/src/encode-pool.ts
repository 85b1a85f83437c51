import {
  bytesPerElement,
  emptyWork,
  GB,
  MILLISECOND,
  SimulatorError,
  type ImageWork,
  type SimulationSpec,
  type StepCost,
  type StepWork,
} from '@llmsim/contracts'
import {
  checkLayout,
  devicePower,
  groupLink,
  unquantisedFormat,
  visionMemory,
} from '@llmsim/cost-models'
import { acceleratorCalibration } from './accelerator-calibration.js'
import { created, type Deployment } from './deployment.js'
import { named, type Registries } from './registries.js'
import { findAccelerator } from './scenario/catalog-entries.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** The pool that encodes images, if there is one. Throws `SimulatorError`, as where it does not fit. */
export function encodePoolOf(
  { encode, engine, cost_model: costModel }: ResolvedScenario,
  { model }: Deployment,
  registries: Registries,
): Pick<SimulationSpec, 'encodePool'> {
  if (encode === undefined) return {}
  const accelerator = findAccelerator(encode.xpu, 'encode.xpu', registries, []).entry
  const { tensor_parallel_size: tp } = encode
  const { scale_up: near, scale_out: far } = accelerator
  const link = {
    bandwidthBytesPerSecond: near.bandwidth_bytes_per_s,
    latencySeconds: near.latency_s,
  }
  const layout = {
    model,
    accelerator,
    tensorParallel: tp,
    pipelineParallel: 1,
    devicesPerNode: accelerator.devices_per_node,
    intraNode: groupLink(accelerator, link, tp),
    interNode: {
      bandwidthBytesPerSecond: far.bandwidth_bytes_per_s,
      latencySeconds: far.latency_s,
    },
    weightFormat: engine.dtype,
    activationFormat: engine.activation_dtype,
    kvCacheFormat: engine.kv_cache_dtype,
  }
  checkLayout(layout, 'encode')
  const element = bytesPerElement[unquantisedFormat(engine.activation_dtype)]
  const { activationBytes, outputBytes } = visionMemory(layout, 0)
  const needed = (model.other_parameters * element) / tp + activationBytes + outputBytes
  if (needed > engine.gpu_memory_utilization * accelerator.memory_bytes)
    throw new SimulatorError({
      code: 'DOES_NOT_FIT',
      path: 'encode.tensor_parallel_size',
      message: `the encoder of ${model.name} and its largest image do not fit into ${accelerator.name}`,
      given: tp,
      accepted: 'more devices for an image, or ones with more memory',
    })
  const factory = named(registries.costModels, 'cost model', costModel.name, 'cost_model.name')
  const calibration =
    costModel.name === 'calibrated'
      ? acceleratorCalibration(accelerator, registries)?.calibration
      : undefined
  const steps = created('cost_model.name', factory.name, 'step', () =>
    factory.create({
      ...layout,
      calibration,
      engineProfile: registries.engineProfiles.get(engine.name, 'engine.name'),
      extra: costModel.options,
    }),
  )
  const cost: StepCost = { seconds: 0, growth: 0, horizon: 1 }
  const secondsOf = (images: ImageWork | undefined): number => {
    const work: StepWork = {
      ...emptyWork(),
      prefillTokens: 1,
      prefillAttention: 1,
      logits: 1,
      images,
    }
    steps.step(work, cost)
    return cost.seconds
  }
  const text = secondsOf(undefined)
  const usdPerHour = accelerator.price.rental_usd_per_hour
  return {
    encodePool: {
      replicas: encode.n_xpus / tp,
      devicesPerReplica: tp,
      seconds: (image) => secondsOf(image) - text,
      bytesPerToken: model.hidden_size * element,
      bandwidthBytesPerSecond: encode.transfer_bandwidth_gbs * GB,
      latencySeconds: encode.transfer_latency_ms * MILLISECOND,
      power: devicePower(accelerator),
      ...(usdPerHour === undefined ? {} : { deviceUsdPerHour: usdPerHour }),
    },
  }
}
