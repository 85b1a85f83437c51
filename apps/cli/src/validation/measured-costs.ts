import { calibrations, engineProfiles } from '@llmsim/catalog-calibrations'
import { accelerators } from '@llmsim/catalog-hardware'
import { Accelerator, Calibration, EngineProfile } from '@llmsim/contracts'
import { transferCalibration, type TransferredCalibration } from '@llmsim/cost-models'

/** What the cost model `calibrated` is made with. */
export interface MeasuredCosts {
  readonly calibration: Calibration | undefined
  readonly engineProfile: EngineProfile | undefined
  /** How the calibration was come by. */
  readonly transfer: TransferredCalibration | undefined
}

const known: Calibration[] = []
const profiles = new Map<string, EngineProfile>()
const datasheets = new Map<string, Accelerator>()
const transfers = new Map<string, TransferredCalibration | undefined>()

/** The shipped calibration of an accelerator, or of its nearest relative, and an engine's profile. */
export function measuredCosts(accelerator: Accelerator, engine: string): MeasuredCosts {
  read()
  if (!transfers.has(accelerator.name))
    transfers.set(accelerator.name, transferCalibration(accelerator, known, datasheets))
  const transfer = transfers.get(accelerator.name)
  return { calibration: transfer?.calibration, engineProfile: profiles.get(engine), transfer }
}

/** Checks the shipped entries when they are first asked for. */
function read(): void {
  if (datasheets.size > 0) return
  for (const entry of accelerators) {
    const accelerator = Accelerator.parse(entry)
    datasheets.set(accelerator.name, accelerator)
  }
  known.push(...calibrations.map((entry) => Calibration.parse(entry)))
  for (const entry of engineProfiles) {
    const profile = EngineProfile.parse(entry)
    for (const name of [profile.name, ...profile.aliases]) profiles.set(name, profile)
  }
}
