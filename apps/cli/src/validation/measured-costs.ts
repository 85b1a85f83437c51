import type { Accelerator, Calibration, CollectiveCurve } from '@llmsim/contracts'
import type { TransferredCalibration } from '@llmsim/cost-models'
import { acceleratorCalibration } from '../accelerator-calibration.js'
import type { Registries } from '../registries.js'

const cache = new WeakMap<Registries, Map<string, TransferredCalibration | undefined>>()

/** What was measured of an accelerator, or of its nearest relative; looked for once. */
export function measuredCosts(
  accelerator: Accelerator,
  registries: Registries,
): TransferredCalibration | undefined {
  const known = cache.get(registries) ?? new Map<string, TransferredCalibration | undefined>()
  cache.set(registries, known)
  if (!known.has(accelerator.name)) {
    const found = acceleratorCalibration(accelerator, registries)
    const shared = found !== undefined && accelerator.scale_up.name.includes('PCIe')
    known.set(
      accelerator.name,
      shared ? { ...found, calibration: behindSwitches(found.calibration) } : found,
    )
  }
  return known.get(accelerator.name)
}

/**
 * Published figures of PCIe devices come from servers with PCIe switches, where pairs do not slow each
 * other down. The host whose collectives were measured passed all of them through its memory: eight
 * L40S got 1.4 GB/s each there, where published throughputs take 13 GB/s at least.
 */
function behindSwitches(calibration: Calibration): Calibration {
  const { interconnect } = calibration
  const alone = (curves: readonly CollectiveCurve[]): CollectiveCurve[] =>
    curves.map((curve) => ({ ...curve, contention_per_rank: 0 }))
  return {
    ...calibration,
    interconnect: {
      all_reduce: alone(interconnect.all_reduce),
      all_gather: alone(interconnect.all_gather),
      reduce_scatter: alone(interconnect.reduce_scatter),
      all_to_all: alone(interconnect.all_to_all),
      expert_all_to_all: alone(interconnect.expert_all_to_all),
      send: alone(interconnect.send),
    },
  }
}
