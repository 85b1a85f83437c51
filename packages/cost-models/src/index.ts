import type { CostModelFactory } from '@llmsim/contracts'
import { calibratedCostModel } from './calibrated.js'
import { fixedCostModel } from './fixed-cost.js'
import { rooflineCostModel } from './roofline.js'

export {
  calibratedCostModel,
  datasheetCalibration,
  transferCalibration,
  usualEngineProfile,
  type TransferredCalibration,
} from './calibrated.js'
export * from './collectives.js'
export * from './compute-format.js'
export * from './context-parallel.js'
export * from './device-power.js'
export * from './efficiency-defaults.js'
export * from './fixed-cost.js'
export * from './group-link.js'
export * from './kv-groups.js'
export * from './layout-check.js'
export * from './memory-fit.js'
export * from './memory-footprint.js'
export * from './state-blocks.js'
export * from './speculative.js'
export * from './vision-memory.js'
export { rooflineCostModel } from './roofline.js'

/** Every cost model of this package, the usual one first. */
export const costModels: readonly CostModelFactory[] = [
  calibratedCostModel,
  rooflineCostModel,
  fixedCostModel,
]
