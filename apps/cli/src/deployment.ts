import {
  causalPairs,
  emptyWork,
  GB,
  isSimulatorError,
  MICROSECOND,
  SimulatorError,
  type Accelerator,
  type Calibration,
  type CostModel,
  type LinkSpeed,
  type Model,
  type PoolRole,
  type ReplicaLayout,
} from '@llmsim/contracts'
import {
  checkLayout,
  ContextParallel,
  costModels,
  groupLink,
  memoryFootprint,
  requireFit,
  type DraftMemory,
  type MemoryFootprint,
  type MemoryOptions,
  type TransferredCalibration,
} from '@llmsim/cost-models'
import { acceleratorCalibration } from './accelerator-calibration.js'
import { keepsWholeContexts, requireWholeChunks } from './hybrid-cache.js'
import { named, type Registries } from './registries.js'
import { withBlocks } from './block-override.js'
import { draftOf, speculativeCosts } from './speculation.js'
import { findAccelerator, findModel, type NameOrEntry } from './scenario/catalog-entries.js'
import { withPath } from './scenario/field-origins.js'
import { poolAutoscaling, type ResolvedAutoscaling } from './scenario/resolve-autoscaling.js'
import { devicesOf } from './scenario/resolve-parallelism.js'
import { overrideScheduler, resolveScheduler } from './scenario/resolve-scheduler.js'
import type {
  ResolvedPool,
  ResolvedScenario,
  ResolvedScheduler,
} from './scenario/resolved-scenario.js'

/** Replicas of one role, with everything about them that does not depend on the traffic. */
export interface DeployedPool {
  readonly name: string
  readonly role: PoolRole
  /** Dotted path of the section that holds its parallel sizes. */
  readonly path: string
  readonly accelerator: Accelerator
  readonly layout: ReplicaLayout
  readonly replicas: number
  readonly devices: number
  readonly scheduler: ResolvedScheduler
  readonly router: ResolvedScenario['router']
  /** Absent: all replicas are there all the time. */
  readonly autoscaling?: ResolvedAutoscaling
  readonly costModel: CostModel
  /** What the cost model `calibrated` was made with. */
  readonly calibration: TransferredCalibration | undefined
  readonly memoryOptions: MemoryOptions
  readonly memory: MemoryFootprint
}

export interface Deployment {
  readonly model: Model
  readonly pools: readonly DeployedPool[]
}

/**
 * Looks up what a resolved scenario names and lays the model out on its devices.
 *
 * Throws `SimulatorError`: `CONFLICT` for sizes that do not suit the model, `DOES_NOT_FIT`.
 */
export function deploy(scenario: ResolvedScenario, registries: Registries): Deployment {
  const model = findModel(scenario.model, 'model', registries, []).entry
  const { disaggregation, pools } = scenario
  if (pools !== undefined)
    return {
      model,
      pools: pools.map((pool, i) =>
        deployPool(scenario, registries, model, {
          ...pool,
          path: `pools[${i}]`,
          xpuPath: `pools[${i}].xpu`,
        }),
      ),
    }
  if (disaggregation !== undefined)
    return {
      model,
      pools: (['prefill', 'decode'] as const).map((role) =>
        deployPool(scenario, registries, model, {
          ...disaggregation[role],
          name: role,
          role,
          path: `disaggregation.${role}`,
          xpuPath: `disaggregation.${role}.xpu`,
        }),
      ),
    }
  const { cluster, parallelism } = scenario
  if (cluster === undefined || parallelism === undefined)
    throw new SimulatorError({ code: 'INVALID_VALUE', path: 'cluster', message: 'is required' })
  const { data_parallel_size: replicas, ...sizes } = parallelism
  const pool = deployPool(scenario, registries, model, {
    xpu: cluster.xpu,
    n_xpus: devicesOf(sizes) * replicas,
    n_xpus_per_node: cluster.n_xpus_per_node,
    ...sizes,
    interconnect: cluster.interconnect,
    name: 'mixed',
    role: 'mixed',
    path: 'parallelism',
    xpuPath: 'cluster.xpu',
  })
  return { model, pools: [pool] }
}

interface PoolDescription extends ResolvedPool {
  readonly name: string
  readonly role: PoolRole
  readonly path: string
  readonly xpuPath: string
}

function deployPool(
  scenario: ResolvedScenario,
  registries: Registries,
  model: Model,
  pool: PoolDescription,
): DeployedPool {
  const { role, path } = pool
  const { engine } = scenario
  const accelerator = acceleratorOf(pool.xpu, pool.xpuPath, registries)
  const layout = layoutOf(pool, model, accelerator, engine)
  checkLayout(layout, path)
  const own = overrideScheduler(scenario.scheduler, pool.scheduler)
  const scheduler = resolveScheduler(
    own,
    registries,
    path === 'parallelism' ? 'scheduler' : `${path}.scheduler`,
  )
  const { speculative } = engine
  const draft =
    speculative === undefined
      ? undefined
      : draftOf(
          layout,
          speculative,
          () =>
            findModel(
              speculative.draft_model ?? '',
              'engine.speculative.draft_model',
              registries,
              [],
            ).entry,
        )
  const memoryOptions: MemoryOptions = {
    memoryUtilization: engine.gpu_memory_utilization,
    blockSize: engine.block_size,
    statePerBlock: engine.enable_prefix_caching,
    maxBatchedTokens: scheduler.max_num_batched_tokens,
    maxBatchSize: scheduler.max_batch_size,
    draft,
    ...(engine.lora === undefined
      ? {}
      : { adapters: { slots: engine.lora.max_loras, rank: engine.lora.max_lora_rank } }),
    wholeContexts: keepsWholeContexts(engine),
    ...(scenario.workload.images === undefined || scenario.encode !== undefined
      ? {}
      : { images: true }),
  }
  const memory = memoryFootprint(layout, memoryOptions)
  requireWholeChunks(memory)
  requireFit(memory, layout, memoryOptions, undefined, `${path}.tensor_parallel_size`)
  const calibration =
    scenario.cost_model.name === 'calibrated'
      ? acceleratorCalibration(accelerator, registries)
      : undefined
  return {
    name: pool.name,
    role,
    path,
    accelerator,
    layout,
    replicas: pool.n_xpus / devicesOf(pool),
    devices: pool.n_xpus,
    scheduler,
    router: {
      name: pool.router?.name ?? scenario.router.name,
      options: pool.router?.options ?? scenario.router.options,
      ...signalDelay(pool.router?.signal_delay_ms ?? scenario.router.signal_delay_ms),
    },
    ...poolAutoscaling(scenario.autoscaling, pool.autoscaling, path),
    costModel: costModelOf(
      scenario,
      layout,
      draft,
      calibration?.calibration,
      registries,
      pool.xpuPath,
    ),
    calibration,
    memoryOptions,
    memory: withBlocks(memory, engine.num_gpu_blocks_override),
  }
}

function signalDelay(given: number | undefined): { signal_delay_ms?: number } {
  return given === undefined ? {} : { signal_delay_ms: given }
}

function acceleratorOf(xpu: NameOrEntry, path: string, registries: Registries): Accelerator {
  return findAccelerator(xpu, path, registries, []).entry
}

function layoutOf(
  pool: ResolvedPool,
  model: Model,
  accelerator: Accelerator,
  engine: ResolvedScenario['engine'],
): ReplicaLayout {
  const link = (bandwidthGbs: number, latencyUs: number): LinkSpeed => ({
    bandwidthBytesPerSecond: bandwidthGbs * GB,
    latencySeconds: latencyUs * MICROSECOND,
  })
  const { interconnect: links } = pool
  return {
    model,
    accelerator,
    tensorParallel: pool.tensor_parallel_size,
    pipelineParallel: pool.pipeline_parallel_size,
    devicesPerNode: pool.n_xpus_per_node,
    intraNode: groupLink(
      accelerator,
      link(links.intra_node_bandwidth_gbs, links.intra_node_latency_us),
      pool.tensor_parallel_size,
    ),
    interNode: link(links.inter_node_bandwidth_gbs, links.inter_node_latency_us),
    weightFormat: engine.dtype,
    activationFormat: engine.activation_dtype,
    kvCacheFormat: engine.kv_cache_dtype,
    contextParallel: pool.context_parallel_size,
    attentionDataParallel: pool.attention_data_parallel_size,
    expertParallel: pool.expert_parallel_size,
    redundantExperts: pool.redundant_experts,
    expertImbalance: pool.expert_imbalance,
    allToAllBackend: pool.all_to_all_backend,
    ...(engine.lora === undefined ? {} : { adapterModules: engine.lora.modules }),
  }
}

function costModelOf(
  { cost_model, engine }: ResolvedScenario,
  layout: ReplicaLayout,
  draft: DraftMemory | undefined,
  calibration: Calibration | undefined,
  registries: Registries,
  xpuPath: string,
): CostModel {
  const factory = named(registries.costModels, 'cost model', cost_model.name, 'cost_model.name')
  const options = {
    ...layout,
    calibration,
    engineProfile: registries.engineProfiles.get(engine.name, 'engine.name'),
    extra: cost_model.options,
  }
  const { speculative } = engine
  const model = created('cost_model.name', factory.name, 'step', () => {
    const made =
      speculative === undefined
        ? factory.create(options)
        : speculativeCosts(factory, options, speculative, draft)
    return (layout.contextParallel ?? 1) > 1 ? new ContextParallel(made, layout) : made
  })
  if (costModels.includes(factory)) checkFinite(model, cost_model.options, xpuPath)
  return model
}

/** Figures of a device or options so extreme that steps take no time or for ever. */
function checkFinite(model: CostModel, options: object, xpuPath: string): void {
  const tokens = 10_000_000
  const pairs = causalPairs(tokens, 0)
  const long = { ...emptyWork(), prefillTokens: tokens, prefillAttention: pairs, logits: 1 }
  const short = { ...emptyWork(), decodes: 1, decodeContext: 1, logits: 1 }
  for (const work of [long, short]) {
    const cost = { seconds: 0, growth: 0, horizon: 1 }
    model.step(work, cost)
    if (cost.seconds > 0 && cost.seconds < Infinity && Number.isFinite(cost.growth)) continue
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: Object.keys(options).length > 0 ? 'cost_model.options' : xpuPath,
      message: `makes a step take ${cost.seconds} seconds`,
      accepted: 'values for which a step takes a positive and finite time',
    })
  }
}

/**
 * What a factory makes. Throws `SimulatorError` `CONTRACT` at `path` when it fails with an error of
 * another kind, or makes something without `method`.
 *
 * @param optionsPath where its options stand, for errors that blame those of the common section.
 */
export function created<T extends object>(
  path: string,
  name: string,
  method: keyof T & string,
  create: () => T,
  optionsPath?: string,
): T {
  let value: T | undefined
  let problem = `makes nothing that has ${method}`
  let cause: unknown
  try {
    value = create()
  } catch (error) {
    if (isSimulatorError(error)) {
      const place = /^(?:router|scheduler)\.options(?=\.)/.exec(error.path)?.[0]
      if (optionsPath === undefined || place === undefined) throw error
      throw withPath(error, `${optionsPath}${error.path.slice(place.length)}`)
    }
    cause = error
    problem = `cannot be created (${String(error).split('\n', 1)[0] ?? ''})`
  }
  if (typeof value === 'object' && value !== null && typeof value[method] === 'function')
    return value
  const failure = new SimulatorError({ code: 'CONTRACT', path, message: `${name} ${problem}` })
  if (cause !== undefined) failure.cause = cause
  throw failure
}
