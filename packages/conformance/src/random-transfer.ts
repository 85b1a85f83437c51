import type { SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, where KV caches are sent in some cases over a network, or layer by layer. */
export function withRandomTransfer(seed: number, spec: SimulationSpec): SimulationSpec {
  if (spec.kvTransfer === undefined) return spec
  const random = new RandomNumbers(seed + 4_000_037)
  const overlapLayers = random.chance(0.3) ? random.pick([1, 4, 32]) : undefined
  const topology = random.chance(0.4)
    ? {
        nicBytesPerSecond: random.pick([3e5, 1e7, 3e8]),
        scaleUpBytesPerSecond: random.pick([1e7, 1e9]),
        domainDevices: random.pick([1, 3, 8]),
        leafDevices: random.pick([2, 8]),
        oversubscription: random.pick([1, 4]),
      }
    : undefined
  return {
    ...spec,
    kvTransfer: {
      ...spec.kvTransfer,
      ...(topology === undefined ? {} : { topology }),
      ...(overlapLayers === undefined ? {} : { overlapLayers }),
    },
  }
}
