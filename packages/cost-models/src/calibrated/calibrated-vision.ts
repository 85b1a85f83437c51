import type { ReplicaLayout } from '@llmsim/contracts'
import { unquantisedFormat } from '../compute-format.js'
import type { VisionKernels } from '../vision-cost.js'
import type { CalibratedDevice } from './calibrated-device.js'
import { curveOf } from './curve-choice.js'
import { prefillSeconds } from './prefill-kernel.js'

/** Launches of norms, additions, rotary embedding and activation in a layer, as engines fuse them. */
const ELEMENTWISE_KERNELS = 4

/** The encoder's kernels by the curves that were fitted to those of prompts. */
export function calibratedVisionKernels(
  { activationFormat, tensorParallel: tp }: ReplicaLayout,
  device: CalibratedDevice,
): VisionKernels {
  const format = unquantisedFormat(activationFormat)
  const kernelDevice = device.device(format, format)
  const curve = curveOf(device.calibration.kernels.prefill_attention, kernelDevice.format)
  const ratio = device.ratio('prefill_attention')
  if (curve === undefined) throw new RangeError('a calibration without attention in 16 bits')
  return {
    elementBytes: device.residualBytes,
    product: (name, runs, depth, columns) => device.product(name, runs, depth, columns, false),
    mover: (name, runs, bytesPerRow) => device.mover(name, runs, ELEMENTWISE_KERNELS, bytesPerRow),
    allReduce: (name, runs, bytesPerRow) =>
      device.collective(name, runs, 'all_reduce', tp, bytesPerRow),
    attention: (shape) => ratio * prefillSeconds(curve, kernelDevice, shape),
  }
}
