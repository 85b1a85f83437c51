import type { DisaggregatedPoolSection, Scenario } from '@llmsim/contracts'
import { conflict } from './conflict.js'
import { named, type Registries } from '../registries.js'
import { poolAutoscaling, resolveAutoscaling } from './resolve-autoscaling.js'
import { linkBandwidth } from './link-bandwidth.js'
import {
  checkBandwidth,
  checkCommonSizes,
  resolvePool,
  type AcceleratorFinder,
} from './resolve-cluster.js'
import { overrideScheduler, resolveScheduler } from './resolve-scheduler.js'
import type {
  ResolvedKvTransfer,
  ResolvedNamedPool,
  ResolvedPool,
  ResolvedScenario,
} from './resolved-scenario.js'

type Fleet = Pick<ResolvedScenario, 'pools' | 'pool_router' | 'kv_transfer'>

/** Any number of pools, and how KV caches get from one to another. Throws `SimulatorError`. */
export function resolveFleet(
  scenario: Scenario,
  disaggregated: boolean,
  registries: Registries,
  find: AcceleratorFinder,
): Fleet {
  const { pools: given } = scenario
  if (given === undefined) {
    if (scenario.pool_router !== undefined)
      throw conflict('pool_router', 'there are no pools that it could choose', 'pools')
    return resolveTransfer(scenario, prefillPool(scenario, disaggregated, find), disaggregated)
  }
  if (disaggregated)
    throw conflict(
      'pools',
      'stands beside disaggregation, which has pools of its own',
      'one of them',
    )
  const pools = given.map((pool, i): ResolvedNamedPool => {
    const path = `pools[${i}]`
    const { name = pool.role, role, ...own } = pool
    if (given.some((other, j) => j < i && (other.name ?? other.role) === name))
      throw conflict(`${path}.name`, `there is another pool named ${name}`, 'a name of its own')
    const resolved = resolvePool(scenario, name, own, path, find)
    checkPolicies(scenario, resolved, path, registries)
    return { name, role, ...resolved }
  })
  checkCommonSizes(scenario, given, pools)
  const splits = pools.some(({ role }) => role === 'prefill')
  if (splits !== pools.some(({ role }) => role === 'decode'))
    throw conflict('pools', 'prefill and decode pools need each other', 'both of them, or neither')
  const { name = 'least-outstanding', options = {} } = scenario.pool_router ?? {}
  if (scenario.pool_router?.signal_delay_ms !== undefined)
    throw conflict('pool_router.signal_delay_ms', 'is that of the pools', 'router.signal_delay_ms')
  named(registries.routers, 'router', name, 'pool_router.name')
  return {
    pools,
    pool_router: { name, options },
    ...resolveTransfer(
      scenario,
      pools.find(({ role }) => role === 'prefill'),
      false,
      pools,
    ),
  }
}

/** Checks the policies that a pool names. Throws `SimulatorError`. */
export function checkPolicies(
  scenario: Scenario,
  { scheduler, router, autoscaling }: ResolvedPool,
  path: string,
  registries: Registries,
): void {
  poolAutoscaling(resolveAutoscaling(scenario).autoscaling, autoscaling, path)
  if (scheduler !== undefined)
    resolveScheduler(
      overrideScheduler(scenario.scheduler ?? {}, scheduler),
      registries,
      `${path}.scheduler`,
    )
  if (router?.name !== undefined)
    named(registries.routers, 'router', router.name, `${path}.router.name`)
}

function prefillPool(
  scenario: Scenario,
  disaggregated: boolean,
  find: AcceleratorFinder,
): ResolvedPool | undefined {
  if (!disaggregated || scenario.kv_transfer === undefined) return undefined
  const own: DisaggregatedPoolSection = scenario.disaggregation?.prefill ?? {}
  return resolvePool(scenario, 'prefill', own, 'disaggregation.prefill', find)
}

function resolveTransfer(
  scenario: Scenario,
  prefill: ResolvedPool | undefined,
  disaggregated: boolean,
  pools: readonly ResolvedNamedPool[] = [],
): { kv_transfer?: ResolvedKvTransfer } {
  const { kv_transfer: given } = scenario
  if (prefill === undefined) {
    if (given === undefined) return {}
    throw conflict('kv_transfer', 'nothing is transferred', 'disaggregation, or prefill pools')
  }
  const { topology, layer_wise = false, first_token_from: firstToken } = given ?? {}
  const own = ['bandwidth_gbs', 'latency_ms', 'compression_ratio'] as const
  for (const field of own)
    if (disaggregated && given?.[field] !== undefined)
      throw conflict(
        `kv_transfer.${field}`,
        'is what the section disaggregation says',
        'transfer_bandwidth_gbs, transfer_latency_ms, kv_compression_ratio of disaggregation',
      )
  checkBandwidth(topology?.nic_gbs, 'kv_transfer.topology.nic_gbs')
  checkBandwidth(topology?.scale_up_gbs, 'kv_transfer.topology.scale_up_gbs')
  const links = prefill.interconnect
  const of = (role: string): number =>
    pools
      .filter((pool) => pool.role === role)
      .reduce((sum, pool) => sum + pool.interconnect.inter_node_bandwidth_gbs * pool.n_xpus, 0)
  const bandwidth = disaggregated
    ? undefined
    : linkBandwidth(
        'kv_transfer.bandwidth_gbs',
        given?.bandwidth_gbs,
        Math.min(of('prefill'), of('decode')),
        scenario,
      )
  return {
    kv_transfer: {
      ...(bandwidth === undefined ? {} : { bandwidth_gbs: bandwidth }),
      ...(disaggregated
        ? {}
        : {
            latency_ms: given?.latency_ms ?? 1,
            compression_ratio: given?.compression_ratio ?? 1,
          }),
      layer_wise,
      ...(firstToken === undefined ? {} : { first_token_from: firstToken }),
      ...(topology === undefined
        ? {}
        : {
            topology: {
              nic_gbs: topology.nic_gbs ?? links.inter_node_bandwidth_gbs,
              scale_up_gbs: topology.scale_up_gbs ?? links.intra_node_bandwidth_gbs,
              domain_xpus: topology.domain_xpus ?? prefill.n_xpus_per_node,
              leaf_xpus: topology.leaf_xpus ?? 4 * prefill.n_xpus_per_node,
              oversubscription: topology.oversubscription ?? 1,
            },
          }),
    },
  }
}
