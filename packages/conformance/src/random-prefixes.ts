import type {
  KvTierSpec,
  PrefixCachingSpec,
  RequestDraft,
  RequestSource,
  SimulationSpec,
} from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in two of three cases with prefix caches and prompts that begin alike. */
export function withRandomPrefixes(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 3_000_017)
  if (random.chance(1 / 3)) return spec
  const states = new RandomNumbers(seed + 9_000_011)
  const pools = spec.pools.map((pool) => {
    if (random.chance(0.2)) return pool
    const prefixCaching = randomCaching(random)
    // In some of them most of a block's bytes are a state.
    const stateBytes = states.chance(0.3) ? { stateBytes: 1.5e6 } : {}
    return { ...pool, prefixCaching: { ...prefixCaching, ...stateBytes } }
  })
  return { ...spec, pools, source: alikeAtFirst(spec.source, random) }
}

/** In half of the cases with memory below that of the devices, from little to without an end. */
function randomCaching(random: RandomNumbers): PrefixCachingSpec {
  const tier = (name: string): KvTierSpec => ({
    name,
    scope: 'replica',
    blocks: random.pick([3, 40, 500, Infinity]),
    bandwidthBytesPerSecond: random.pick([2e7, 1e9, 5e10]),
    latencySeconds: random.pick([0, 0.0007, 0.1]),
    write: random.pick(['through', 'back']),
  })
  const tiers: KvTierSpec[] = []
  if (random.chance(0.5)) tiers.push(tier('host'))
  if (random.chance(0.3)) tiers.push(tier('nvme'))
  if (random.chance(0.3)) tiers.push({ ...tier('store'), scope: 'pool', write: 'through' })
  return { blockBytes: 2e6, tiers }
}

/** Prompts whose ids are walks through a tree with few branches, of blocks of any size. */
function alikeAtFirst(source: RequestSource, random: RandomNumbers): RequestSource {
  const branches = random.pick([1, 2, 4])
  const blockTokens = random.pick([1, 3, 16, 20, 64, 1e9])
  const named = random.pick([0.3, 0.9, 1])
  const ids: number[] = []
  const promptBlocks = { ids, count: 0, blockTokens }
  return {
    ...source,
    next(into: RequestDraft): boolean {
      if (!source.next(into)) return false
      if (!random.chance(named)) return true
      const most = Math.ceil(into.promptTokens / blockTokens)
      promptBlocks.count = random.chance(0.5) ? most : random.whole(0, most)
      for (let i = 0; i < promptBlocks.count; i++)
        // Beyond 32 bits, and below 0.
        ids[i] = random.whole(0, branches - 1) * 0x123456789 - 5
      into.promptBlocks = promptBlocks
      return true
    },
  }
}
