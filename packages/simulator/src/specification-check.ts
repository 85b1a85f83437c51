import type {
  KvTierSpec,
  KvTransferSpec,
  PoolSpec,
  SimulationSpec,
  WindowedKv,
} from '@llmsim/contracts'
import { checkAdapters } from './adapter-check.js'
import { checkAutoscaling } from './autoscaling-check.js'
import { checkEncodePool } from './encode-pool-check.js'
import { positive, refuse, whole } from './specification-refusal.js'

/** Refuses a specification that cannot be run. Errors: `INVALID_VALUE` and `CONFLICT` with the field. */
export function checkSpecification(spec: SimulationSpec): void {
  const roles = spec.pools.map((pool) => pool.role)
  const splits = roles.includes('prefill')
  if (roles.length === 0 || splits !== roles.includes('decode'))
    refuse(
      'pools',
      roles.join('+'),
      'mixed pools, or prefill pools together with decode pools, or all of these',
      'CONFLICT',
    )
  if (splits && spec.kvTransfer === undefined)
    refuse('kvTransfer', undefined, 'a link between the prefill and the decode pools', 'CONFLICT')
  for (const field of ['decider', 'firstTokenFrom'] as const)
    if (!splits && spec[field] !== undefined)
      refuse(field, field, 'none without prefill pools', 'CONFLICT')
  if (spec.encodePool !== undefined) checkEncodePool(spec.encodePool, spec.images === true)
  spec.pools.forEach((pool, i) => {
    checkPool(pool, `pools[${i}]`)
    if (pool.autoscaling !== undefined)
      checkAutoscaling(pool.autoscaling, pool, `pools[${i}].autoscaling`, spec)
  })
  if (spec.adapters !== undefined) checkAdapters(spec, spec.adapters)
  const { kvTransfer, concurrency, durationSeconds, warmUpSeconds, maxRequests } = spec
  if (kvTransfer !== undefined) checkTransfer(kvTransfer)
  if (concurrency !== undefined) whole('concurrency', concurrency)
  if (maxRequests !== undefined) whole('maxRequests', maxRequests)
  if (!(durationSeconds > 0)) refuse('durationSeconds', durationSeconds, 'a positive number')
  if (!(warmUpSeconds >= 0)) refuse('warmUpSeconds', warmUpSeconds, 'seconds from 0 on')
  if (!(warmUpSeconds < durationSeconds))
    refuse('warmUpSeconds', warmUpSeconds, 'less than the duration', 'CONFLICT')
  const { drainSeconds = 0, requestOverheadSeconds = 0 } = spec
  if (!(drainSeconds >= 0)) refuse('drainSeconds', drainSeconds, 'seconds from 0 on')
  if (!(requestOverheadSeconds >= 0 && requestOverheadSeconds < Infinity))
    refuse('requestOverheadSeconds', requestOverheadSeconds, 'seconds from 0 on')
  for (const [part, seconds] of Object.entries(spec.requestSerialSeconds ?? {}))
    if (!(seconds >= 0 && seconds < Infinity))
      refuse(`requestSerialSeconds.${part}`, seconds, 'seconds from 0 on')
}

function checkTransfer({ topology, overlapLayers, ...link }: KvTransferSpec): void {
  positive('kvTransfer.bandwidthBytesPerSecond', link.bandwidthBytesPerSecond)
  const { bytesPerToken, windowed } = link
  if (windowed === undefined) positive('kvTransfer.bytesPerToken', bytesPerToken)
  else {
    if (!(bytesPerToken >= 0 && bytesPerToken < Infinity))
      refuse('kvTransfer.bytesPerToken', bytesPerToken, 'bytes from 0 on')
    whole('kvTransfer.windowed.tokens', windowed.tokens)
    positive('kvTransfer.windowed.bytesPerToken', windowed.bytesPerToken)
  }
  if (!(link.latencySeconds >= 0 && link.latencySeconds < Infinity))
    refuse('kvTransfer.latencySeconds', link.latencySeconds, 'seconds from 0 on')
  if (overlapLayers !== undefined) whole('kvTransfer.overlapLayers', overlapLayers)
  if (topology === undefined) return
  positive('kvTransfer.topology.nicBytesPerSecond', topology.nicBytesPerSecond)
  positive('kvTransfer.topology.scaleUpBytesPerSecond', topology.scaleUpBytesPerSecond)
  whole('kvTransfer.topology.domainDevices', topology.domainDevices)
  whole('kvTransfer.topology.leafDevices', topology.leafDevices)
  const { oversubscription } = topology
  if (!(oversubscription >= 1 && oversubscription < Infinity))
    refuse('kvTransfer.topology.oversubscription', oversubscription, 'a number from 1 on')
}

function checkPool(pool: PoolSpec, path: string): void {
  whole(`${path}.replicas`, pool.replicas)
  whole(`${path}.devicesPerReplica`, pool.devicesPerReplica)
  whole(`${path}.stages`, pool.stages)
  const { stateBlocks = 0 } = pool.memory
  if (!(stateBlocks >= 0 && Number.isSafeInteger(stateBlocks)))
    refuse(`${path}.memory.stateBlocks`, stateBlocks, 'a whole number from 0 on')
  if (stateBlocks > 0 && pool.prefixCaching !== undefined)
    refuse(
      `${path}.prefixCaching`,
      'a prefix cache',
      'none, or a state in each KV block in place of stateBlocks: one holds all tokens before it',
      'CONFLICT',
    )
  if (pool.memory.windowed !== undefined) checkWindowed(pool, pool.memory.windowed, path)
  const { tokenShares = [1] } = pool
  const all = tokenShares.reduce((sum, each) => sum + (each >= 0 ? each : NaN), 0)
  if (!(Math.abs(all - 1) < 1e-9))
    refuse(`${path}.tokenShares`, tokenShares, 'probabilities that add up to 1')
  const { attentionRanks = 1 } = pool
  whole(`${path}.attentionRanks`, attentionRanks)
  if (pool.devicesPerReplica % attentionRanks !== 0)
    refuse(
      `${path}.attentionRanks`,
      attentionRanks,
      `a divisor of its ${pool.devicesPerReplica} devices`,
      'CONFLICT',
    )
  whole(`${path}.memory.kvBlocks`, pool.memory.kvBlocks)
  whole(`${path}.memory.blockSize`, pool.memory.blockSize)
  checkTiers(pool.prefixCaching?.tiers ?? [], `${path}.prefixCaching.tiers`)
  const { swap } = pool.memory
  if (swap === undefined) return
  if (!(swap.blocks >= 0 && Number.isSafeInteger(swap.blocks)))
    refuse(`${path}.memory.swap.blocks`, swap.blocks, 'a whole number from 0 on')
  positive(`${path}.memory.swap.bandwidthBytesPerSecond`, swap.bandwidthBytesPerSecond)
}

function checkWindowed(pool: PoolSpec, windowed: WindowedKv, poolPath: string): void {
  const path = `${poolPath}.memory.windowed`
  const { tokens, kind, fullGroups, windowedGroups, chunkTokens } = windowed
  whole(`${path}.tokens`, tokens)
  whole(`${path}.windowedGroups`, windowedGroups)
  if (!(fullGroups >= 0 && Number.isSafeInteger(fullGroups)))
    refuse(`${path}.fullGroups`, fullGroups, 'a whole number from 0 on')
  if (chunkTokens !== Infinity) whole(`${path}.chunkTokens`, chunkTokens)
  const { blockSize } = pool.memory
  if (kind === 'chunked' && tokens % blockSize !== 0)
    refuse(`${path}.tokens`, tokens, `whole KV blocks of ${blockSize} tokens`, 'CONFLICT')
  const tiers = pool.prefixCaching?.tiers?.length ?? 0
  if (tiers > 0)
    refuse(`${poolPath}.prefixCaching.tiers`, tiers, 'none beside windowed layers', 'CONFLICT')
}

function checkTiers(tiers: readonly KvTierSpec[], path: string): void {
  tiers.forEach((tier, i) => {
    const at = `${path}[${i}]`
    const { blocks, bandwidthBytesPerSecond, latencySeconds, scope, write } = tier
    if (blocks !== Infinity) whole(`${at}.blocks`, blocks)
    positive(`${at}.bandwidthBytesPerSecond`, bandwidthBytesPerSecond)
    if (!(latencySeconds >= 0 && latencySeconds < Infinity))
      refuse(`${at}.latencySeconds`, latencySeconds, 'seconds from 0 on')
    // In which order several replicas let blocks go is not followed from step to step.
    if (scope === 'pool' && write === 'back')
      refuse(`${at}.write`, write, 'through, where replicas share a tier', 'CONFLICT')
    if (scope === 'replica' && tiers[i - 1]?.scope === 'pool')
      refuse(`${at}.scope`, scope, 'pool, below a tier that replicas share', 'CONFLICT')
  })
}
