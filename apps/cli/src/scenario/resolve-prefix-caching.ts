import type { EngineSection } from '@llmsim/contracts'
import { conflict } from './conflict.js'
import type { ResolvedKvTier, ResolvedScenario } from './resolved-scenario.js'

/** What is kept of KV caches. Throws `SimulatorError` `CONFLICT` for tiers that nothing would come to. */
export function resolvePrefixCaching(
  given: EngineSection,
): Pick<ResolvedScenario['engine'], 'enable_prefix_caching' | 'kv_tiers'> {
  const { enable_prefix_caching: enabled = false, kv_tiers: tiers = [] } = given
  if (!enabled) {
    if (tiers.length === 0) return {}
    throw conflict(
      'engine.kv_tiers',
      'needs engine.enable_prefix_caching',
      'no tiers, or both',
      tiers.length,
    )
  }
  if (tiers.length === 0) return { enable_prefix_caching: true }
  const resolved = tiers.map((tier): ResolvedKvTier => ({
    name: tier.name,
    scope: tier.scope ?? 'replica',
    ...(tier.capacity_gb === undefined ? {} : { capacity_gb: tier.capacity_gb }),
    bandwidth_gbs: tier.bandwidth_gbs,
    latency_us: tier.latency_us ?? 0,
    write_policy: tier.write_policy ?? 'through',
    survives: tier.survives ?? (tier.scope === 'pool' ? 'node' : 'none'),
  }))
  resolved.forEach(({ name, scope, write_policy: write, survives }, i) => {
    const other = resolved.findIndex((tier) => tier.name === name)
    if (other < i)
      throw conflict(
        `engine.kv_tiers[${i}].name`,
        `is that of engine.kv_tiers[${other}] too`,
        'names that differ',
        name,
      )
    if (scope === 'pool' && survives !== 'node')
      throw conflict(
        `engine.kv_tiers[${i}].survives`,
        'is a tier that replicas share, which outlasts all of their faults',
        'node',
        survives,
      )
    if (scope === 'pool' && write === 'back')
      throw conflict(
        `engine.kv_tiers[${i}].write_policy`,
        'is not modelled where replicas share a tier',
        'through',
        write,
      )
    if (scope === 'replica' && resolved[i - 1]?.scope === 'pool')
      throw conflict(
        `engine.kv_tiers[${i}].scope`,
        'stands below a tier that replicas share',
        'pool',
        scope,
      )
  })
  return { enable_prefix_caching: true, kv_tiers: resolved }
}
