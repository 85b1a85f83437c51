import type { AdapterSpec, SimulationSpec } from '@llmsim/contracts'
import { refuse, whole } from './specification-refusal.js'

/**
 * Refuses LoRA adapters that cannot be served. Errors: `INVALID_VALUE` for a figure out of range; `CONFLICT` where
 * a pool has no slots for them, or fewer in host memory than on its devices.
 */
export function checkAdapters(
  { pools }: Pick<SimulationSpec, 'pools'>,
  adapters: readonly AdapterSpec[],
): void {
  adapters.forEach(({ rank }, i) => {
    whole(`adapters[${i}].rank`, rank)
  })
  pools.forEach(({ adapterSlots }, i) => {
    const path = `pools[${i}].adapterSlots`
    if (adapterSlots === undefined)
      refuse(path, undefined, 'slots, where requests have LoRA adapters', 'CONFLICT')
    const { slots, hostSlots = Infinity, secondsPerRank, storageSecondsPerRank = 0 } = adapterSlots
    whole(`${path}.slots`, slots)
    if (hostSlots !== Infinity) whole(`${path}.hostSlots`, hostSlots)
    if (hostSlots < slots)
      refuse(`${path}.hostSlots`, hostSlots, `at least the ${slots} of the devices`, 'CONFLICT')
    duration(`${path}.secondsPerRank`, secondsPerRank)
    duration(`${path}.storageSecondsPerRank`, storageSecondsPerRank)
    const { paddedRank } = adapterSlots
    if (paddedRank === undefined) return
    whole(`${path}.paddedRank`, paddedRank)
    const largest = Math.max(0, ...adapters.map(({ rank }) => rank))
    if (paddedRank < largest)
      refuse(`${path}.paddedRank`, paddedRank, `at least the largest rank, ${largest}`, 'CONFLICT')
  })
}

function duration(path: string, seconds: number): void {
  if (!(seconds >= 0 && seconds < Infinity)) refuse(path, seconds, 'seconds from 0 on')
}
