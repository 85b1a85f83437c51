import type { ReplicaLayout } from '@llmsim/contracts'
import type { DeviceShapes } from '../device-shapes.js'
import type { CalibratedDevice } from './calibrated-device.js'

/** What operators are made from. */
export interface CalibratedInputs {
  readonly layout: ReplicaLayout
  readonly shapes: DeviceShapes
  readonly device: CalibratedDevice
}

/** Passes of one kind of layer: each stage runs as many layers as the fullest one. */
export function passes({ layout, shapes }: CalibratedInputs, layers: number): number {
  return (layers * shapes.layersPerStage * layout.pipelineParallel) / layout.model.layers
}
