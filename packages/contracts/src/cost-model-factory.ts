import type { Accelerator } from './accelerator.js'
import type { Calibration, EngineProfile } from './calibration.js'
import type { CostModel } from './cost-model.js'
import type { Model } from './model.js'
import type { NumberFormat } from './number-format.js'

/** One link of a device: bytes per second in one direction, and seconds for a small message. */
export interface LinkSpeed {
  readonly bandwidthBytesPerSecond: number
  readonly latencySeconds: number
}

/** How one replica of a model lies on its devices. */
export interface ReplicaLayout {
  readonly model: Model
  readonly accelerator: Accelerator
  readonly tensorParallel: number
  readonly pipelineParallel: number
  /** Devices of one node: ranks beyond them talk over `interNode`. */
  readonly devicesPerNode: number
  readonly intraNode: LinkSpeed
  readonly interNode: LinkSpeed
  readonly weightFormat: NumberFormat
  readonly activationFormat: NumberFormat
  readonly kvCacheFormat: NumberFormat
}

export interface CostModelOptions extends ReplicaLayout {
  /** What the scenario's `cost_model.options` holds: overrides that each cost model defines. */
  readonly extra: Readonly<Record<string, unknown>>
  /** What was measured of the accelerator, for the cost models that use it. */
  readonly calibration?: Calibration | undefined
  /** What the engine adds to the kernels, for the cost models that use it. */
  readonly engineProfile?: EngineProfile | undefined
}

/** Makes a cost model: what a registry or a plug-in holds. */
export interface CostModelFactory {
  readonly name: string
  readonly description: string
  create(options: CostModelOptions): CostModel
}
