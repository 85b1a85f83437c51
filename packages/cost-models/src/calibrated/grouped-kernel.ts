import type { GroupedMatrixCurve } from '@llmsim/contracts'
import type { KernelDevice } from './kernel-device.js'
import { smoothMaximum } from './smooth-maximum.js'

/** The routed experts of one layer on one device. */
export interface GroupedShape {
  /** Rows of all experts together: tokens times the experts that each visits. */
  rows: number
  /** Experts that at least one row visits. */
  experts: number
  hidden: number
  /** Inner width of one expert on this device. */
  inner: number
  /** Matrices of one expert: gate, up and down, or two without a gate. */
  matrices: number
  weightBytes: number
  /** Bytes of one element of the rows. */
  rowBytes: number
}

/** Seconds on the matrix units, rows that pad tiles included. */
export function groupedCompute(
  curve: GroupedMatrixCurve,
  device: KernelDevice,
  shape: GroupedShape,
): number {
  const rows = shape.rows + shape.experts * curve.padding_rows
  const flop = 2 * rows * shape.hidden * shape.inner * shape.matrices
  return flop / (device.flopPerSecond * curve.compute_fraction)
}

/** Bytes that the experts move at least: the weights of those that are visited, and the rows. */
export function groupedBytes(shape: GroupedShape): number {
  const { hidden, inner, matrices } = shape
  return (
    shape.experts * hidden * inner * matrices * shape.weightBytes +
    shape.rows * (2 * hidden + matrices * inner) * shape.rowBytes
  )
}

/** Seconds of the memory. */
export function groupedMemory(
  curve: GroupedMatrixCurve,
  device: KernelDevice,
  shape: GroupedShape,
): number {
  return groupedBytes(shape) / (device.bytesPerSecond * curve.memory_fraction)
}

/** Seconds of one layer's experts; monotone in rows and experts. */
export function groupedSeconds(
  curve: GroupedMatrixCurve,
  device: KernelDevice,
  shape: GroupedShape,
): number {
  const beside = shape.rows * shape.hidden * curve.pass_bytes_per_input
  return (
    curve.latency_s +
    beside / device.bytesPerSecond +
    smoothMaximum(groupedCompute(curve, device, shape), groupedMemory(curve, device, shape))
  )
}
