import type { MatrixCurve } from '@llmsim/contracts'
import type { KernelDevice } from './kernel-device.js'
import { smoothMaximum } from './smooth-maximum.js'

/** A product of `rows` rows of `depth` elements with resident weights of `depth` by `columns`. */
export interface MatrixShape {
  rows: number
  columns: number
  depth: number
  /** Bytes of one weight, of one input element and of one output element. */
  weightBytes: number
  inputBytes: number
  outputBytes: number
}

/** Rows and columns of the tiles that libraries choose among. */
const tiles: readonly (readonly [rows: number, columns: number])[] = [
  [64, 64],
  [64, 128],
  [128, 128],
  [128, 256],
]

/** Elements of the results that full waves of tiles compute: of the best tile, idle units included. */
export function waveElements(rows: number, columns: number, computeUnits: number): number {
  let best = Infinity
  for (const [height, width] of tiles) {
    const waves = Math.ceil((Math.ceil(rows / height) * Math.ceil(columns / width)) / computeUnits)
    const elements = waves * computeUnits * height * width
    if (elements < best) best = elements
  }
  return best
}

/** Seconds on the matrix units. */
export function matrixCompute(
  curve: MatrixCurve,
  device: KernelDevice,
  shape: MatrixShape,
): number {
  const elements = waveElements(shape.rows, shape.columns, device.computeUnits)
  const flop = 2 * elements * (shape.depth + curve.ramp_depth)
  return flop / (device.flopPerSecond * curve.compute_fraction)
}

/** Bytes that one product moves at least. */
export function matrixBytes(shape: MatrixShape): number {
  const { rows, columns, depth } = shape
  return (
    columns * depth * shape.weightBytes +
    rows * (depth * shape.inputBytes + columns * shape.outputBytes)
  )
}

/** Seconds of the memory. */
export function matrixMemory(curve: MatrixCurve, device: KernelDevice, shape: MatrixShape): number {
  return matrixBytes(shape) / (device.bytesPerSecond * curve.memory_fraction)
}

/** Seconds of one product; monotone in its rows. */
export function matrixSeconds(
  curve: MatrixCurve,
  device: KernelDevice,
  shape: MatrixShape,
): number {
  const { rows, columns, depth } = shape
  const beside = rows * (depth * curve.pass_bytes_per_input + columns * curve.tail_bytes_per_output)
  return (
    curve.latency_s +
    beside / device.bytesPerSecond +
    smoothMaximum(
      smoothMaximum(matrixCompute(curve, device, shape), depth * curve.depth_s),
      matrixMemory(curve, device, shape),
    )
  )
}
