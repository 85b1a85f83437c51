import {
  GB,
  MICROSECOND,
  SimulatorError,
  type Accelerator,
  type DisaggregatedPoolSection,
  type InterconnectSection,
  type Scenario,
} from '@llmsim/contracts'
import { conflict } from './conflict.js'
import type { NameOrEntry } from './catalog-entries.js'
import { devicesInWords, devicesOf, resolveParallelism } from './resolve-parallelism.js'
import type { ResolvedInterconnect, ResolvedPool, ResolvedScenario } from './resolved-scenario.js'

/** Finds the accelerator that a field names. */
export type AcceleratorFinder = (
  given: NameOrEntry,
  field: string,
) => { readonly entry: Accelerator; readonly written: NameOrEntry }

type Deployment = Required<Pick<ResolvedScenario, 'cluster' | 'parallelism'>>

/** Devices and replicas of aggregated serving. Throws `SimulatorError`. */
export function resolveCluster(scenario: Scenario, find: AcceleratorFinder): Deployment {
  const { cluster = {}, parallelism = {} } = scenario
  if (cluster.xpu === undefined) throw missing('cluster.xpu')
  const { entry, written } = find(cluster.xpu, 'cluster.xpu')
  const sizes = resolveParallelism(parallelism)
  const { tensor_parallel_size: tp, pipeline_parallel_size: pp } = sizes
  const perReplica = devicesOf(sizes)
  const product = devicesInWords(sizes)
  const isStated = cluster.n_xpus_per_node !== undefined || cluster.n_nodes !== undefined
  const asked = parallelism.data_parallel_size ?? (isStated ? undefined : mostReplicas(scenario))
  const needed = perReplica * (asked ?? 1)
  const { nodes, perNode } = nodesOf(cluster, needed, entry)
  const devices = perNode * nodes
  const here = `${devices} devices (${nodes} x ${perNode})`
  if (perReplica > devices)
    throw conflict(
      `parallelism.${pp > 1 && tp <= devices ? 'pipeline' : 'tensor'}_parallel_size`,
      `one replica needs ${product} = ${perReplica} devices; the cluster has ${here}`,
      `at most ${devices} devices per replica, or more nodes (cluster.n_nodes)`,
      pp > 1 && tp <= devices ? pp : tp,
    )
  if (needed > devices)
    throw conflict(
      'parallelism.data_parallel_size',
      `${product} x dp = ${needed} is more than ${here}`,
      `at most ${Math.floor(devices / perReplica)}`,
      parallelism.data_parallel_size,
    )
  // Nobody asked for the devices that only fill up the last node.
  const dp = asked ?? (isStated ? devices / perReplica : 1)
  if (!Number.isInteger(dp))
    throw conflict(
      'parallelism.tensor_parallel_size',
      `${here} are no whole number of replicas of ${product} = ${perReplica}`,
      'a size that divides the devices, or a data_parallel_size',
      tp,
    )
  return {
    cluster: {
      xpu: written,
      n_xpus_per_node: perNode,
      n_nodes: nodes,
      interconnect: resolveInterconnect(entry, cluster.interconnect, 'cluster.interconnect'),
    },
    parallelism: { ...sizes, data_parallel_size: dp },
  }
}

/** Replicas that there are to be room for where nothing says how many there are. */
function mostReplicas({ autoscaling }: Scenario): number | undefined {
  return autoscaling?.max_replicas
}

/** Nodes of the usual size, as many as are needed, where neither size nor number is given. */
function nodesOf(
  {
    n_xpus_per_node: perNode,
    n_nodes: nodes,
  }: Pick<NonNullable<Scenario['cluster']>, 'n_xpus_per_node' | 'n_nodes'>,
  needed: number,
  { devices_per_node: usual }: Accelerator,
): { readonly nodes: number; readonly perNode: number } {
  if (perNode !== undefined) return { nodes: nodes ?? 1, perNode }
  const size = Math.min(Math.ceil(needed / (nodes ?? 1)), usual)
  return { nodes: nodes ?? Math.ceil(needed / size), perNode: size }
}

/** One pool of disaggregated serving; the common sections stand in for what it does not say. */
export function resolvePool(
  scenario: Scenario,
  name: string,
  own: DisaggregatedPoolSection,
  path: string,
  find: AcceleratorFinder,
): ResolvedPool {
  const { cluster = {}, parallelism = {} } = scenario
  const xpu = own.xpu ?? cluster.xpu
  if (xpu === undefined) throw missing(`${path}.xpu`)
  const { entry, written } = find(xpu, own.xpu === undefined ? 'cluster.xpu' : `${path}.xpu`)
  const sizes = resolveParallelism(parallelism, own, path)
  const perReplica = devicesOf(sizes)
  const product = devicesInWords(sizes)
  const { devices, perNode } = devicesOfPool(scenario, own, { perReplica, product }, entry)
  if (!Number.isInteger(devices / perReplica))
    throw new SimulatorError({
      code: 'CONFLICT',
      path:
        own.tensor_parallel_size === undefined ? `${path}.n_xpus` : `${path}.tensor_parallel_size`,
      message: `the ${devices} devices of the ${name} pool are no whole number of replicas of ${product} = ${perReplica}`,
      given: own.tensor_parallel_size === undefined ? devices : sizes.tensor_parallel_size,
      accepted: `devices that are a multiple of ${product}`,
    })
  return {
    xpu: written,
    n_xpus: devices,
    n_xpus_per_node: perNode,
    ...sizes,
    interconnect: resolveInterconnect(
      entry,
      { ...cluster.interconnect, ...own.interconnect },
      `${path}.interconnect`,
    ),
    ...(own.scheduler === undefined ? {} : { scheduler: own.scheduler }),
    ...(own.router === undefined ? {} : { router: own.router }),
    ...(own.autoscaling === undefined ? {} : { autoscaling: own.autoscaling }),
  }
}

/** Devices of a pool, and of a node of it: its own, or those of the cluster, which each pool has one of. */
function devicesOfPool(
  scenario: Scenario,
  own: DisaggregatedPoolSection,
  { perReplica, product }: { readonly perReplica: number; readonly product: string },
  entry: Accelerator,
): { readonly devices: number; readonly perNode: number } {
  const { cluster = {}, parallelism = {} } = scenario
  const { n_nodes } = cluster
  const size = own.n_xpus_per_node ?? cluster.n_xpus_per_node
  const n_xpus_per_node = n_nodes === undefined ? cluster.n_xpus_per_node : size
  if (own.n_xpus !== undefined)
    return { devices: own.n_xpus, perNode: size ?? Math.min(own.n_xpus, entry.devices_per_node) }
  const { data_parallel_size: dp } = parallelism
  const replicas = dp ?? own.autoscaling?.max_replicas ?? mostReplicas(scenario) ?? 1
  const needed = perReplica * replicas
  if (n_xpus_per_node === undefined && n_nodes === undefined)
    return { devices: needed, perNode: size ?? Math.min(needed, entry.devices_per_node) }
  const { nodes, perNode } = nodesOf({ n_nodes, n_xpus_per_node }, perReplica * (dp ?? 1), entry)
  const devices = perNode * nodes
  if (dp !== undefined && needed > devices)
    throw conflict(
      'parallelism.data_parallel_size',
      `${product} x dp = ${needed} is more than the ${devices} devices (${nodes} x ${perNode}) of each pool`,
      `at most ${Math.floor(devices / perReplica)}`,
      dp,
    )
  return { devices: dp === undefined ? devices : needed, perNode: size ?? perNode }
}

/**
 * Refuses a number of replicas or nodes that no pool goes by, since each says its devices itself. One of each is
 * what a deployment of a single replica writes of itself.
 */
export function checkCommonSizes(
  { cluster, parallelism }: Scenario,
  given: readonly DisaggregatedPoolSection[],
  pools: readonly ResolvedPool[],
): void {
  if (given.some(({ n_xpus }) => n_xpus === undefined)) return
  const { data_parallel_size: dp = 1 } = parallelism ?? {}
  const { n_nodes: nodes = 1 } = cluster ?? {}
  if (dp > 1 && pools.some((pool) => pool.n_xpus !== dp * devicesOf(pool)))
    throw conflict(
      'parallelism.data_parallel_size',
      'is not what the n_xpus of the pools come to, which each pool has of its own',
      'the n_xpus of the pools alone, or pools without n_xpus',
      dp,
    )
  if (nodes > 1 && pools.some((pool) => Math.ceil(pool.n_xpus / pool.n_xpus_per_node) !== nodes))
    throw conflict(
      'cluster.n_nodes',
      'is not what the n_xpus of the pools come to, which each pool has of its own',
      'the n_xpus of the pools alone, or pools without n_xpus',
      nodes,
    )
}

function resolveInterconnect(
  { scale_up, scale_out }: Accelerator,
  given: InterconnectSection = {},
  path: string,
): ResolvedInterconnect {
  for (const field of ['intra_node_bandwidth_gbs', 'inter_node_bandwidth_gbs'] as const)
    checkBandwidth(given[field], `${path}.${field}`)
  return {
    intra_node_bandwidth_gbs:
      given.intra_node_bandwidth_gbs ?? inUnits(scale_up.bandwidth_bytes_per_s, GB),
    intra_node_latency_us: given.intra_node_latency_us ?? inUnits(scale_up.latency_s, MICROSECOND),
    inter_node_bandwidth_gbs:
      given.inter_node_bandwidth_gbs ?? inUnits(scale_out.bandwidth_bytes_per_s, GB),
    inter_node_latency_us: given.inter_node_latency_us ?? inUnits(scale_out.latency_s, MICROSECOND),
  }
}

/** A kilobyte per second: below it, times overflow before anything is of use. */
const slowest = 1e-6

/** Checks a bandwidth in GB/s. Throws `SimulatorError` at `path`. */
export function checkBandwidth(given: number | undefined, path: string): void {
  if (given === undefined || given >= slowest) return
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message: 'is too small',
    given,
    accepted: `at least ${slowest} GB/s`,
  })
}

/** A value in other units, without the digits that only rounding put there: 2.5, not 2.5000000000000004. */
function inUnits(value: number, unit: number): number {
  return Number((value / unit).toPrecision(12))
}

function missing(path: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message: 'is required',
    accepted: 'an accelerator (llmsim hardware lists them)',
  })
}
