import {
  SimulatorError,
  type EngineSection,
  type Model,
  type NumberFormat,
  type Scenario,
} from '@llmsim/contracts'
import { stateBlockSize } from '@llmsim/cost-models'
import { named, type Registries } from '../registries.js'
import { findAccelerator, findModel, type FoundEntry, type NameOrEntry } from './catalog-entries.js'
import { resolveAdapters, resolveLora } from './resolve-adapters.js'
import { checkAdmission } from './check-admission.js'
import { checkExpertSwitch } from './check-experts.js'
import { checkOrders } from './check-order.js'
import { checkRouters } from './check-router.js'
import { linkBandwidth } from './link-bandwidth.js'
import {
  checkCommonSizes,
  resolveCluster,
  resolvePool,
  type AcceleratorFinder,
} from './resolve-cluster.js'
import { resolveScheduler } from './resolve-scheduler.js'
import { resolveAutoscaling } from './resolve-autoscaling.js'
import { resolveEncode } from './resolve-encode.js'
import { resolveDecider } from './resolve-decider.js'
import { resolveFaults } from './resolve-faults.js'
import { checkPolicies, resolveFleet } from './resolve-fleet.js'
import { resolvePrefixCaching } from './resolve-prefix-caching.js'
import { resolveSwap } from './resolve-swap.js'
import { resolveWorkload } from './resolve-workload.js'
import { resolveSpeculation } from './resolve-speculation.js'
import type { ResolvedPool, ResolvedScenario } from './resolved-scenario.js'

const defaultDuration = 60

/**
 * Fills in every default and checks what the fields say together.
 *
 * @param folders where relative paths to model and accelerator files may start.
 * @throws SimulatorError for an unknown name or for fields that contradict each other.
 */
export function resolveScenario(
  scenario: Scenario,
  registries: Registries,
  folders: readonly string[],
): ResolvedScenario {
  const model = findModel(scenario.model, 'model', registries, folders)
  checkExpertSwitch(scenario, model.entry)
  const find: AcceleratorFinder = (given, field) =>
    findAccelerator(given, field, registries, folders)
  const router = {
    name: scenario.router?.name ?? 'least-outstanding',
    options: scenario.router?.options ?? {},
    ...(scenario.router?.signal_delay_ms === undefined
      ? {}
      : { signal_delay_ms: scenario.router.signal_delay_ms }),
  }
  named(registries.routers, 'router', router.name, 'router.name')
  const costModel = {
    name: scenario.cost_model?.name ?? 'calibrated',
    options: scenario.cost_model?.options ?? {},
  }
  named(registries.costModels, 'cost model', costModel.name, 'cost_model.name')
  const engine = {
    ...resolveEngine(
      scenario.engine ?? {},
      model.entry,
      (given, field) => findModel(given, field, registries, folders),
      scenario.parallelism?.tensor_parallel_size ?? 1,
    ),
    ...resolveLora(scenario.engine ?? {}, scenario.workload ?? {}),
  }
  registries.engineProfiles.get(engine.name, 'engine.name')
  const disaggregated =
    scenario.disaggregation !== undefined && scenario.disaggregation.enabled !== false
  const fleet = resolveFleet(scenario, disaggregated, registries, find)
  const splits = disaggregated || fleet.kv_transfer !== undefined
  const faults = resolveFaults(scenario.faults, splits)
  const resolved: ResolvedScenario = {
    ...(scenario.name === undefined ? {} : { name: scenario.name }),
    model: model.written,
    workload: {
      ...resolveWorkload(scenario.workload ?? {}, model.entry),
      ...resolveAdapters(scenario.workload ?? {}, engine.lora),
    },
    ...(disaggregated || fleet.pools !== undefined ? {} : resolveCluster(scenario, find)),
    scheduler: resolveScheduler(scenario.scheduler ?? {}, registries),
    ...resolveAdmission(scenario, registries),
    router,
    cost_model: costModel,
    engine,
    ...(disaggregated ? { disaggregation: resolveDisaggregation(scenario, registries, find) } : {}),
    ...fleet,
    ...resolveEncode(scenario, find),
    ...resolveDecider(scenario, splits, registries),
    ...(scenario.slo === undefined || Object.keys(scenario.slo).length === 0
      ? {}
      : { slo: scenario.slo }),
    ...resolveAutoscaling(scenario),
    ...(faults === undefined ? {} : { faults }),
    ...resolveTimes(scenario),
    random_seed: scenario.random_seed ?? 0,
    step_by_step: scenario.step_by_step ?? false,
    exact_quantiles: scenario.exact_quantiles ?? false,
    breakdown: scenario.breakdown ?? false,
  }
  checkOrders(resolved)
  checkRouters(resolved, registries)
  checkAdmission(resolved)
  return resolved
}

function resolveAdmission(
  { admission }: Scenario,
  registries: Registries,
): Pick<ResolvedScenario, 'admission'> {
  if (admission === undefined) return {}
  const { name = 'always', options = {} } = admission
  named(registries.admissionPolicies, 'admission policy', name, 'admission.name')
  return { admission: { name, options } }
}

function resolveDisaggregation(
  scenario: Scenario,
  registries: Registries,
  find: AcceleratorFinder,
): NonNullable<ResolvedScenario['disaggregation']> {
  const given = scenario.disaggregation ?? {}
  const [prefill, decode] = (['prefill', 'decode'] as const).map((name) =>
    resolvePool(scenario, name, given[name] ?? {}, `disaggregation.${name}`, find),
  ) as [ResolvedPool, ResolvedPool]
  checkCommonSizes(scenario, [given.prefill ?? {}, given.decode ?? {}], [prefill, decode])
  for (const [name, pool] of [
    ['prefill', prefill],
    ['decode', decode],
  ] as const) {
    const path = `disaggregation.${name}`
    checkPolicies(scenario, pool, path, registries)
  }
  const links = [prefill, decode].map(
    (pool) => pool.interconnect.inter_node_bandwidth_gbs * pool.n_xpus,
  )
  const bandwidth = linkBandwidth(
    'disaggregation.transfer_bandwidth_gbs',
    given.transfer_bandwidth_gbs,
    Math.min(...links),
    scenario,
  )
  return {
    enabled: true,
    prefill,
    decode,
    ...(bandwidth === undefined ? {} : { transfer_bandwidth_gbs: bandwidth }),
    transfer_latency_ms: given.transfer_latency_ms ?? 1,
    kv_compression_ratio: given.kv_compression_ratio ?? 1,
  }
}

function resolveEngine(
  given: EngineSection,
  model: Model,
  find: (given: NameOrEntry, field: string) => FoundEntry<Model>,
  tensorParallel: number,
): ResolvedScenario['engine'] {
  const dtype = given.dtype ?? model.dtype
  const kvCacheFormat = given.kv_cache_dtype ?? sixteenBits(dtype)
  // A block of a model that keeps states has one with it for others to go on from.
  const caches = given.enable_prefix_caching === true
  const blockSize = caches ? stateBlockSize(model, tensorParallel, kvCacheFormat) : 16
  const speculative = resolveSpeculation(given.speculative, find)
  return {
    name: given.name ?? 'vllm',
    dtype,
    activation_dtype: given.activation_dtype ?? activationFormat(dtype),
    kv_cache_dtype: kvCacheFormat,
    gpu_memory_utilization: given.gpu_memory_utilization ?? 0.9,
    block_size: given.block_size ?? blockSize,
    ...(given.num_gpu_blocks_override === undefined
      ? {}
      : { num_gpu_blocks_override: given.num_gpu_blocks_override }),
    ...(given.disable_hybrid_kv_cache_manager === true
      ? { disable_hybrid_kv_cache_manager: true as const }
      : {}),
    ...resolvePrefixCaching(given),
    ...resolveSwap(given),
    ...(speculative === undefined ? {} : { speculative }),
  }
}

/** fp8 weights are served with fp8 activations; narrower or integer weights alone are quantised. */
function activationFormat(weights: NumberFormat): NumberFormat {
  return weights === 'fp8' ? 'fp8' : sixteenBits(weights)
}

function sixteenBits(weights: NumberFormat): NumberFormat {
  return weights === 'fp32' || weights === 'fp16' ? weights : 'bf16'
}

function resolveTimes(
  scenario: Scenario,
): Pick<ResolvedScenario, 'simulation_duration_s' | 'warm_up_duration_s' | 'drain_duration_s'> {
  const { workload = {}, warm_up_duration_s: warmUp = 0, drain_duration_s: drain } = scenario
  const ends = workload.num_requests !== undefined || workload.trace !== undefined
  const duration = scenario.simulation_duration_s ?? (ends ? undefined : defaultDuration)
  if (duration !== undefined && warmUp >= duration)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'warm_up_duration_s',
      message: `leaves nothing to measure of the ${duration} s of simulation_duration_s`,
      given: warmUp,
      accepted: `less than ${duration}`,
    })
  return {
    ...(duration === undefined ? {} : { simulation_duration_s: duration }),
    warm_up_duration_s: warmUp,
    ...(drain === undefined ? {} : { drain_duration_s: drain }),
  }
}
