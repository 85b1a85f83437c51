import { createCatalog } from '@llmsim/catalog'
import {
  Accelerator,
  Model,
  type CostModelFactory,
  type LinkSpeed,
  type PoolRole,
  type PoolSpec,
  type ReplicaLayout,
  type RequestSource,
  type RouterFactory,
  type SchedulerFactory,
  type SchedulerOptions,
  type SimulationSpec,
} from '@llmsim/contracts'
import {
  checkLayout,
  devicePower,
  memoryFootprint,
  requireFit,
  resolveComputeFormat,
} from '@llmsim/cost-models'
import { randomStream } from '@llmsim/engine'
import { defaultSchedulerOptions } from '@llmsim/schedulers'
import { syntheticSource } from '@llmsim/workloads'
import { accelerators, models } from 'outside-catalog'

export const modelCatalog = createCatalog({ kind: 'model', schema: Model, entries: models })
export const acceleratorCatalog = createCatalog({
  kind: 'accelerator',
  schema: Accelerator,
  entries: accelerators,
})

/** What decides, and what a step costs. */
export interface Policies {
  readonly scheduler: SchedulerFactory
  readonly router: RouterFactory
  readonly costModel: CostModelFactory
}

export interface Deployment extends Policies {
  readonly model?: string
  readonly roles?: readonly PoolRole[]
  readonly replicas?: number
  readonly tensorParallel?: number
  readonly schedulerOptions?: Partial<SchedulerOptions>
  /** KV blocks of each replica; as many as the memory holds when absent. */
  readonly kvBlocks?: number
  readonly run?: Partial<SimulationSpec>
}

/** The requests that the command line draws for the same figures. */
export function requests(ratePerSecond: number, seed = 0): RequestSource {
  return syntheticSource({
    arrivals: { process: 'poisson', ratePerSecond },
    input: { distribution: 'lognormal', mean: 700, std: 300, max: 4000 },
    output: { distribution: 'lognormal', mean: 190, std: 90, max: 1000 },
    seed,
  })
}

/** A deployment of the outside model on the outside accelerator, put together from the packages. */
export function specification(deployment: Deployment): SimulationSpec {
  const { roles = ['mixed'], run = {} } = deployment
  const pools = roles.map((role) => pool(role, deployment))
  const model = modelCatalog.get(deployment.model ?? 'outside-3b')
  const first = memory(layoutOf(model, deployment.tensorParallel ?? 2), options(deployment))
  return {
    pools,
    ...(roles.length === 1
      ? {}
      : {
          kvTransfer: {
            bandwidthBytesPerSecond: 50e9,
            latencySeconds: 1e-3,
            bytesPerToken: first.kvBytesPerToken,
          },
        }),
    source: requests(5),
    durationSeconds: 20,
    warmUpSeconds: 0,
    distributions: true,
    ...run,
  }
}

function options({ schedulerOptions }: Deployment): SchedulerOptions {
  return { ...defaultSchedulerOptions, ...schedulerOptions }
}

function pool(role: PoolRole, deployment: Deployment): PoolSpec {
  const { scheduler, router, costModel, replicas = 2, tensorParallel = 2 } = deployment
  const layout = layoutOf(modelCatalog.get(deployment.model ?? 'outside-3b'), tensorParallel)
  checkLayout(layout)
  const limits = options(deployment)
  const footprint = memory(layout, limits)
  const stream = randomStream(0, `router-${role}`)
  const usdPerHour = layout.accelerator.price.rental_usd_per_hour
  return {
    name: role,
    role,
    replicas,
    devicesPerReplica: tensorParallel,
    stages: 1,
    costModel: costModel.create({ ...layout, extra: {} }),
    createScheduler: () => scheduler.create(limits),
    router: router.create({ random: () => stream.next(), extra: {} }),
    memory: {
      kvBlocks: deployment.kvBlocks ?? footprint.kvBlocks,
      blockSize: footprint.blockSize,
      bytesPerBlock: footprint.bytesPerBlock,
      staticBytes: footprint.staticBytes,
    },
    power: devicePower(layout.accelerator),
    devicePeak: {
      flopPerSecond: resolveComputeFormat(layout.accelerator, 'bf16', 'bf16').flopPerSecond,
      bytesPerSecond: layout.accelerator.memory_bandwidth_bytes_per_s,
    },
    ...(usdPerHour === undefined ? {} : { deviceUsdPerHour: usdPerHour }),
  }
}

function memory(layout: ReplicaLayout, limits: SchedulerOptions) {
  const memoryOptions = {
    blockSize: 16,
    maxBatchedTokens: limits.maxBatchedTokens,
    maxBatchSize: limits.maxBatchSize,
  }
  const footprint = memoryFootprint(layout, memoryOptions)
  requireFit(footprint, layout, memoryOptions)
  return footprint
}

export function layoutOf(model: Model, tensorParallel: number): ReplicaLayout {
  const accelerator = acceleratorCatalog.get('onpu')
  const speed = (link: Accelerator['scale_up']): LinkSpeed => ({
    bandwidthBytesPerSecond: link.bandwidth_bytes_per_s,
    latencySeconds: link.latency_s,
  })
  return {
    model,
    accelerator,
    tensorParallel,
    pipelineParallel: 1,
    devicesPerNode: accelerator.devices_per_node,
    intraNode: speed(accelerator.scale_up),
    interNode: speed(accelerator.scale_out),
    weightFormat: 'bf16',
    activationFormat: 'bf16',
    kvCacheFormat: 'bf16',
  }
}
