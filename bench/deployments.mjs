// The deployments that the benches run, built from the packages as any API user would.
import { createCatalog } from '@llmsim/catalog'
import { calibrations, engineProfiles } from '@llmsim/catalog-calibrations'
import { accelerators } from '@llmsim/catalog-hardware'
import { models } from '@llmsim/catalog-models'
import { Accelerator, Calibration, EngineProfile, Model } from '@llmsim/contracts'
import {
  calibratedCostModel,
  devicePower,
  memoryFootprint,
  rooflineCostModel,
} from '@llmsim/cost-models'
import { leastOutstanding } from '@llmsim/routers'
import { defaultSchedulerOptions, greedy, vllmV1 } from '@llmsim/schedulers'
import { syntheticSource, withSharedPrefixes } from '@llmsim/workloads'

const modelCatalog = createCatalog({ kind: 'model', schema: Model, entries: models })
const hardwareCatalog = createCatalog({
  kind: 'accelerator',
  schema: Accelerator,
  entries: accelerators,
})

/** Replicas of llama2-70b on 8 MI300X each. */
export function pool({
  role = 'mixed',
  replicas = 1,
  xpu = 'mi300x',
  tp = 8,
  calibrated = false,
} = {}) {
  const accelerator = hardwareCatalog.get(xpu)
  const link = ({ bandwidth_bytes_per_s, latency_s }) => ({
    bandwidthBytesPerSecond: bandwidth_bytes_per_s,
    latencySeconds: latency_s,
  })
  const layout = {
    model: modelCatalog.get('llama2-70b'),
    accelerator,
    tensorParallel: tp,
    pipelineParallel: 1,
    devicesPerNode: 8,
    intraNode: link(accelerator.scale_up),
    interNode: link(accelerator.scale_out),
    weightFormat: 'bf16',
    activationFormat: 'bf16',
    kvCacheFormat: 'bf16',
  }
  const footprint = memoryFootprint(layout, {
    blockSize: 16,
    maxBatchedTokens: 8192,
    maxBatchSize: 256,
  })
  return {
    name: role,
    role,
    replicas,
    devicesPerReplica: tp,
    stages: 1,
    costModel: calibrated
      ? calibratedCostModel.create({ ...layout, ...measured(xpu), extra: {} })
      : rooflineCostModel.create({ ...layout, extra: {} }),
    createScheduler: () => greedy.create(defaultSchedulerOptions),
    router: leastOutstanding.create({ random: () => 0, extra: {} }),
    memory: {
      kvBlocks: footprint.kvBlocks,
      blockSize: 16,
      bytesPerBlock: footprint.bytesPerBlock,
      staticBytes: footprint.staticBytes,
    },
    power: devicePower(accelerator),
    kvBytesPerToken: footprint.kvBytesPerToken,
  }
}

/** The calibration of an accelerator, and the profile of vLLM. */
function measured(xpu) {
  const named = (entries, schema, name) =>
    schema.parse(entries.find((entry) => entry.name === name))
  return {
    calibration: named(calibrations, Calibration, xpu),
    engineProfile: named(engineProfiles, EngineProfile, 'vllm'),
  }
}

/** Poisson arrivals, log-normal lengths: mean 700 in, 190 out. */
export function traffic(ratePerSecond, seed = 1) {
  return syntheticSource({
    arrivals: { process: 'poisson', ratePerSecond },
    input: { distribution: 'lognormal', mean: 700, std: 500 },
    output: { distribution: 'lognormal', mean: 190, std: 150 },
    seed,
  })
}

/** Replicas of vLLM v1 with chunked prefill and prefix caching, and prompts that begin alike. */
export function cachedSpecification(replicas, ratePerSecond, requests) {
  const one = pool({ replicas })
  const cached = {
    ...one,
    createScheduler: () => vllmV1.create(defaultSchedulerOptions),
    prefixCaching: { blockBytes: one.kvBytesPerToken * one.memory.blockSize },
  }
  const prefixes = { tokens: 256, count: 64, seed: 1 }
  return {
    ...specification([cached], ratePerSecond, requests),
    source: withSharedPrefixes(traffic(ratePerSecond), prefixes),
  }
}

/** A run of `requests` requests over `pools`. */
export function specification(pools, ratePerSecond, requests) {
  return {
    pools,
    ...(pools.length > 1
      ? {
          kvTransfer: {
            bandwidthBytesPerSecond: 400e9,
            latencySeconds: 1e-3,
            bytesPerToken: pools[0].kvBytesPerToken,
          },
        }
      : {}),
    source: traffic(ratePerSecond),
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    maxRequests: requests,
  }
}
