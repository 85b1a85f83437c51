import {
  MILLISECOND,
  parameterCountGap,
  type PoolSpec,
  type Scheduler,
  type SchedulerOptions,
  type SimulationSpec,
} from '@llmsim/contracts'
import { devicePower, resolveComputeFormat, tokenShares } from '@llmsim/cost-models'
import { randomStream } from '@llmsim/engine'
import { adapterSlots } from './adapter-slots.js'
import { entryOf } from './admission.js'
import { autoscalingOf } from './autoscaling-spec.js'
import { blocksBeyond } from './block-override.js'
import { clientSource } from './client-source.js'
import { created, type DeployedPool, type Deployment } from './deployment.js'
import { deciderOf } from './decider.js'
import { encodePoolOf } from './encode-pool.js'
import { faultInjection, startUpSeconds } from './fault-injection.js'
import { kvTransferOf } from './kv-transfer-spec.js'
import { optionsPath } from './pool-options.js'
import { poolRouters } from './pool-routers.js'
import { frontEnd, type FrontEnd } from './validation/front-end.js'
import { requireSwapping, swapSpace } from './swap-space.js'
import { windowedKv } from './hybrid-cache.js'
import { prefixCaching } from './prefix-caching.js'
import { named, type Registries } from './registries.js'
import { acceptanceOf } from './scenario/resolve-speculation.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import { objectivesOf } from './objectives.js'
import type { Traffic } from './traffic.js'

/** A scenario as values: what `simulate` takes. */
export function simulationSpec(
  scenario: ResolvedScenario,
  deployment: Deployment,
  traffic: Traffic,
  registries: Registries,
): SimulationSpec {
  const { workload, drain_duration_s: drain } = scenario
  const pools = deployment.pools.map((pool) => poolSpec(scenario, pool, registries))
  const objectives = scenario.slo && objectivesOf(scenario.slo)
  const { classes, tenants } = traffic
  // A source may add to them.
  const names = tenants && [...tenants]
  const adapters = traffic.adapters && [...traffic.adapters]
  return {
    pools,
    ...kvTransferOf(scenario, deployment),
    ...poolRouters(scenario, deployment, registries),
    ...deciderOf(scenario, registries),
    ...entryOf(scenario, registries),
    source: clientSource(traffic.source(names, adapters), scenario),
    ...(workload.images === undefined ? {} : { images: true }),
    ...encodePoolOf(scenario, deployment, registries),
    ...(workload.concurrency === undefined ? {} : { concurrency: workload.concurrency }),
    ...frontEndOf(scenario, deployment, registries),
    durationSeconds: scenario.simulation_duration_s ?? Infinity,
    ...(workload.num_requests === undefined ? {} : { maxRequests: workload.num_requests }),
    warmUpSeconds: scenario.warm_up_duration_s,
    ...(drain === undefined ? {} : { drainSeconds: drain }),
    ...(objectives === undefined ? {} : { objectives }),
    ...faultInjection(scenario, pools),
    ...(classes === undefined ? {} : { classes }),
    ...(names === undefined ? {} : { tenants: names }),
    ...(adapters === undefined ? {} : { adapters }),
    stepByStep: scenario.step_by_step,
    exactQuantiles: scenario.exact_quantiles,
    ...(breaksDown(scenario, deployment) ? { breakdown: true } : {}),
  }
}

/** Where experts or attention are spread, the time that this takes is always of interest. */
function breaksDown({ breakdown }: ResolvedScenario, { pools }: Deployment): boolean {
  return (
    breakdown ||
    pools.some(
      ({ layout }) => (layout.attentionDataParallel ?? 1) > 1 || (layout.expertParallel ?? 1) > 1,
    )
  )
}

/** What the engine's front end adds to each request: known where its profile is in use. */
function frontEndOf(
  { cost_model, engine }: ResolvedScenario,
  { pools }: Deployment,
  registries: Registries,
): FrontEnd {
  if (cost_model.name !== 'calibrated') return { requestOverheadSeconds: 0 }
  const profile = registries.engineProfiles.get(engine.name, 'engine.name')
  return frontEnd(profile, pools[0]?.replicas ?? 1)
}

/** What a user should know about a run that is valid all the same. */
export function warningsOf(deployment: Deployment, traffic: Traffic): string[] {
  const { model, pools } = deployment
  const fallbacks = pools.map(({ layout }) => {
    const { accelerator, weightFormat, activationFormat } = layout
    return resolveComputeFormat(accelerator, weightFormat, activationFormat).fallback
  })
  const warnings = new Set(fallbacks.filter((text) => text !== undefined))
  const gap = parameterCountGap(model)
  if (gap !== undefined)
    warnings.add(
      `${model.name} has ${gap.derived} parameters by its architecture and ${gap.published} as published, ` +
        `${(100 * gap.relativeError).toFixed(1)} % apart: a number of heads, layers or experts may be wrong`,
    )
  for (const { accelerator, layout } of pools)
    if (layout.devicesPerNode > accelerator.devices_per_node)
      warnings.add(
        `${accelerator.name} comes in nodes of ${accelerator.devices_per_node} devices: its ` +
          `scale-up links are taken to reach all ${layout.devicesPerNode} of a node`,
      )
  for (const { accelerator, calibration } of pools)
    if (calibration !== undefined && !calibration.exact)
      warnings.add(
        `${accelerator.name} has no calibration: shares of the datasheet are those measured of ` +
          `${calibration.from}; expect times to be off by ${Math.round(calibration.expectedErrorPercent)} %`,
      )
  for (const { accelerator, memory } of pools) {
    const beyond = blocksBeyond(memory, accelerator.name)
    if (beyond !== undefined) warnings.add(beyond)
  }
  if (traffic.longestRequest > model.max_context)
    warnings.add(
      `requests of up to ${traffic.longestRequest} tokens exceed the context of ${model.name}, ${model.max_context} tokens`,
    )
  return [...warnings, ...(traffic.notes ?? [])]
}

function poolSpec(
  scenario: ResolvedScenario,
  pool: DeployedPool,
  registries: Registries,
): PoolSpec {
  const { layout, memory, accelerator, scheduler, router, path } = pool
  const ranks = layout.attentionDataParallel ?? 1
  const { speculative } = scenario.engine
  const schedulerPath = path === 'parallelism' ? 'scheduler.name' : `${path}.scheduler.name`
  const schedulers = named(registries.schedulers, 'scheduler', scheduler.name, schedulerPath)
  const routerPath = path === 'parallelism' ? 'router.name' : `${path}.router.name`
  const routers = named(registries.routers, 'router', router.name, routerPath)
  const stream = randomStream(scenario.random_seed, `router-${pool.name}`)
  const usdPerHour = accelerator.price.rental_usd_per_hour
  const options = schedulerOptions(pool)
  const schedulerOptionsPath = optionsPath(scenario, path, 'scheduler')
  const createScheduler = (): Scheduler =>
    created(
      schedulerPath,
      scheduler.name,
      'plan',
      () => schedulers.create(options),
      schedulerOptionsPath,
    )
  // Options that it refuses show before anything runs.
  const example = createScheduler()
  requireSwapping(example, scenario)
  return {
    name: pool.name,
    role: pool.role,
    replicas: pool.replicas,
    devicesPerReplica: pool.devices / pool.replicas,
    ...(ranks === 1 ? {} : { attentionRanks: ranks }),
    ...(speculative === undefined ? {} : { tokenShares: tokenShares(acceptanceOf(speculative)) }),
    stages: layout.pipelineParallel,
    costModel: pool.costModel,
    createScheduler,
    router: created(
      routerPath,
      router.name,
      'route',
      () => routers.create({ random: () => stream.next(), extra: router.options }),
      optionsPath(scenario, path, 'router'),
    ),
    ...(router.signal_delay_ms === undefined
      ? {}
      : { signalDelaySeconds: router.signal_delay_ms * MILLISECOND }),
    devicesPerNode: layout.devicesPerNode,
    startUpSeconds: startUpSeconds(
      pool.autoscaling?.start_up_s ?? scenario.faults?.start_up_s,
      pool,
    ),
    ...autoscalingOf(scenario, pool),
    memory: {
      kvBlocks: memory.kvBlocks,
      blockSize: memory.blockSize,
      ...(memory.stateBlocks === 0 ? {} : { stateBlocks: memory.stateBlocks }),
      ...windowedKv(memory, example),
      bytesPerBlock: memory.bytesPerBlock,
      staticBytes: memory.staticBytes,
      ...swapSpace(scenario, pool),
    },
    ...prefixCaching(scenario, pool),
    ...adapterSlots(scenario, pool),
    power: devicePower(accelerator),
    devicePeak: {
      flopPerSecond: resolveComputeFormat(accelerator, layout.weightFormat, layout.activationFormat)
        .flopPerSecond,
      bytesPerSecond: accelerator.memory_bandwidth_bytes_per_s,
    },
    ...(usdPerHour === undefined ? {} : { deviceUsdPerHour: usdPerHour }),
  }
}

function schedulerOptions({ scheduler }: DeployedPool): SchedulerOptions {
  return {
    maxBatchSize: scheduler.max_batch_size,
    minBatchSize: scheduler.min_batch_size,
    batchingWindowSeconds: scheduler.batching_window_ms * MILLISECOND,
    maxBatchedTokens: scheduler.max_num_batched_tokens,
    phaseOrder: scheduler.phase_order,
    watermark: scheduler.watermark,
    extra: scheduler.options,
  }
}
