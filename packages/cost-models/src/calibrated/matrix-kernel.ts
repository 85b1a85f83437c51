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

/** With those of kernels for few rows, which unpack weights as they read them. */
const tilesForFewRows: typeof tiles = [[16, 64], [16, 128], ...tiles]

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

/** Parts that the depth of a product may be cut into, each a tile of its own; shorter ones gain nothing. */
const splits = [1, 2, 4, 8] as const
const SHORTEST_SPLIT = 256

/** Bytes for each element and part: sums are written in 32 bits and read again. */
const SPLIT_BYTES = 8

/** Seconds on the matrix units. */
export function matrixCompute(
  curve: MatrixCurve,
  device: KernelDevice,
  shape: MatrixShape,
): number {
  if (curve.cache_ratio !== undefined) return tiledCompute(curve, device, shape, curve.cache_ratio)
  const elements = waveElements(shape.rows, shape.columns, device.computeUnits)
  const flop = 2 * elements * (shape.depth + curve.ramp_depth)
  return flop / (device.flopPerSecond * curve.compute_fraction)
}

/**
 * Seconds of the best tiles: waves of them over the units, each as long as its FLOP, or as the cache needs
 * for the operands of all units; the depth split where that fills them.
 */
function tiledCompute(
  curve: MatrixCurve,
  device: KernelDevice,
  { rows, columns, depth, inputBytes }: MatrixShape,
  cacheRatio: number,
): number {
  const { computeUnits, bytesPerSecond } = device
  const flopSeconds = (2 * computeUnits) / (device.flopPerSecond * curve.compute_fraction)
  const cacheSeconds = (inputBytes * computeUnits) / (bytesPerSecond * cacheRatio)
  const sums = (rows * columns * SPLIT_BYTES) / bytesPerSecond
  let best = Infinity
  for (const [height, width] of curve.least_tile_rows === undefined ? tiles : tilesForFewRows) {
    const tileCount = Math.ceil(rows / height) * Math.ceil(columns / width)
    const each = Math.max(height * width * flopSeconds, (height + width) * cacheSeconds)
    for (const parts of splits) {
      if (parts > 1 && depth < parts * SHORTEST_SPLIT) break
      const waves = Math.ceil((tileCount * parts) / computeUnits)
      const seconds = waves * each * (depth / parts + curve.ramp_depth) + (parts > 1 ? sums : 0)
      if (seconds < best) best = seconds
    }
  }
  return best
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
  const { overlap } = curve
  const beside = rows * (depth * curve.pass_bytes_per_input + columns * curve.tail_bytes_per_output)
  return (
    curve.latency_s +
    beside / device.bytesPerSecond +
    smoothMaximum(
      smoothMaximum(matrixCompute(curve, device, shape), depth * curve.depth_s, overlap),
      matrixMemory(curve, device, shape),
      overlap,
    )
  )
}
