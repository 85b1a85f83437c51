import type { Accelerator } from '@llmsim/contracts'
import { transferCalibration, type TransferredCalibration } from '@llmsim/cost-models'
import type { Registries } from '../registries.js'

const found = new WeakMap<Registries, Map<string, TransferredCalibration | undefined>>()

/** What was measured of an accelerator, or of its nearest relative; looked for once. */
export function measuredCosts(
  accelerator: Accelerator,
  registries: Registries,
): TransferredCalibration | undefined {
  const known = found.get(registries) ?? new Map<string, TransferredCalibration | undefined>()
  found.set(registries, known)
  if (!known.has(accelerator.name)) {
    const { accelerators, calibrations } = registries
    const datasheets = new Map(
      calibrations
        .filter(({ name }) => accelerators.has(name))
        .map(({ name }) => [name, accelerators.get(name)]),
    )
    known.set(accelerator.name, transferCalibration(accelerator, calibrations, datasheets))
  }
  return known.get(accelerator.name)
}
