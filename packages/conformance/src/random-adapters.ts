import type {
  AdapterSlotsSpec,
  AdapterSpec,
  RequestDraft,
  RequestSource,
  SimulationSpec,
} from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in four of ten cases with requests that have LoRA adapters, more or fewer than slots. */
export function withRandomAdapters(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 7_000_009)
  if (!random.chance(0.4)) return spec
  const count = random.pick([1, 2, 5, 100])
  const adapters: AdapterSpec[] = Array.from({ length: count }, (_, i) => ({
    name: `adapter-${i}`,
    rank: random.pick([8, 16, 64]),
  }))
  return {
    ...spec,
    adapters,
    pools: spec.pools.map((pool) => ({ ...pool, adapterSlots: randomSlots(random) })),
    source: withAdapters(spec.source, count, random),
  }
}

function randomSlots(random: RandomNumbers): AdapterSlotsSpec {
  const slots = random.pick([1, 2, 3, 8])
  return {
    slots,
    ...(random.chance(0.5) ? { hostSlots: slots + random.whole(0, 4) } : {}),
    secondsPerRank: random.pick([0, 0.00003, 0.0011]),
    ...(random.chance(0.5) ? { storageSecondsPerRank: 0.0007 } : {}),
    ...(random.chance(0.5) ? { paddedRank: 64 } : {}),
  }
}

function withAdapters(source: RequestSource, count: number, random: RandomNumbers): RequestSource {
  const first = random.chance(0.3) ? 0 : -1
  return {
    ...source,
    next(into: RequestDraft): boolean {
      if (!source.next(into)) return false
      into.adapterId = random.whole(first, count - 1)
      return true
    },
  }
}
