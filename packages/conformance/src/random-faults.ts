import type {
  FaultSpec,
  FaultsSpec,
  PoolSpec,
  PrefixCachingSpec,
  SimulationSpec,
} from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in a third of the cases with faults. */
export function withRandomFaults(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 5_000_011)
  if (!random.chance(1 / 3)) return spec
  const pools = spec.pools.map((pool) => ({
    ...pool,
    devicesPerNode: random.pick([1, 4, 6]),
    startUpSeconds: random.pick([0, 0.031]),
    ...(pool.prefixCaching === undefined
      ? {}
      : { prefixCaching: withSurvivingTiers(seed, pool.prefixCaching) }),
  }))
  return { ...spec, pools, faults: randomFaults(random, pools) }
}

/** Tiers of which some outlast a fault of their replica, and some that of its node. */
function withSurvivingTiers(seed: number, caching: PrefixCachingSpec): PrefixCachingSpec {
  const random = new RandomNumbers(seed + 8_000_009)
  const { tiers = [] } = caching
  return {
    ...caching,
    tiers: tiers.map((tier) =>
      tier.scope === 'pool'
        ? tier
        : { ...tier, survives: random.pick(['none', 'replica', 'node'] as const) },
    ),
  }
}

/** Faults of all kinds, at fixed and at random times. */
function randomFaults(random: RandomNumbers, pools: readonly PoolSpec[]): FaultsSpec {
  const faults: FaultSpec[] = []
  const span = random.pick([0.3, 2, 12])
  for (let left = random.whole(1, 3); left > 0; left--) {
    const kind = random.pick(
      pools.some(({ role }) => role === 'decode')
        ? (['replica', 'replica', 'node', 'link'] as const)
        : (['replica', 'node'] as const),
    )
    const pool = random.chance(0.5) ? undefined : random.whole(0, pools.length - 1)
    const replica = pool === undefined ? undefined : random.whole(0, pools[pool]!.replicas - 1)
    const mean = span * random.pick([0.03, 0.2, 1])
    faults.push({
      kind,
      ...(pool === undefined || kind === 'link' ? {} : { pool }),
      ...(kind === 'replica' && replica !== undefined ? { replica } : {}),
      ...(kind === 'link' ? { bandwidthFactor: random.pick([0.01, 0.5]) } : {}),
      ...(random.chance(0.4)
        ? { mtbfSeconds: mean * 3, mttrSeconds: mean }
        : {
            atSeconds: span * random.next(),
            ...(random.chance(0.6) ? { everySeconds: mean + 0.05 } : {}),
            // Some never come back.
            ...(random.chance(0.9) ? { durationSeconds: mean * random.next() } : {}),
          }),
    })
  }
  return {
    faults,
    maxRetries: random.pick([0, 1, 3, 1000]),
    ...(random.chance(0.5) ? { retryDelaySeconds: random.pick([0, 0.013]) } : {}),
    retryFrom: random.pick(['prompt', 'last-token']),
    seed: random.whole(0, 1e9),
  }
}
