import type { Accelerator } from '@llmsim/contracts'
import { transferCalibration, type TransferredCalibration } from '@llmsim/cost-models'
import type { Registries } from './registries.js'

/** What was measured of an accelerator, or of its nearest relative in the catalog. */
export function acceleratorCalibration(
  accelerator: Accelerator,
  { calibrations, accelerators }: Registries,
): TransferredCalibration | undefined {
  const datasheets = new Map<string, Accelerator>()
  for (const { name } of calibrations)
    if (accelerators.has(name)) datasheets.set(name, accelerators.get(name))
  return transferCalibration(accelerator, calibrations, datasheets)
}
