import type { ReplicaLayout } from '@llmsim/contracts'
import { kernel, transfer } from './operator.js'
import type { ReplicaSpeed } from './replica-speed.js'
import type { VisionKernels } from './vision-cost.js'

/** The encoder's kernels at the shares of the datasheet that the roofline takes for all others. */
export function rooflineVisionKernels(
  { tensorParallel: tp }: ReplicaLayout,
  speed: ReplicaSpeed,
): VisionKernels {
  const { unquantised, prefillAttention, unquantisedBytes, residualBytes } = speed
  return {
    elementBytes: residualBytes,
    product: (name, runs, depth, columns) =>
      kernel({
        name,
        runs,
        rates: unquantised,
        flop: (rows) => 2 * rows * depth * columns,
        bytes: (rows) =>
          depth * columns * unquantisedBytes + rows * (depth + columns) * residualBytes,
      }),
    mover: (name, runs, bytesPerRow) =>
      kernel({
        name,
        runs,
        rates: unquantised,
        flop: () => 0,
        bytes: (rows) => rows * bytesPerRow,
      }),
    allReduce: (name, runs, bytesPerRow) =>
      transfer(
        name,
        runs,
        (rows) => speed.allReduce(rows * bytesPerRow),
        (rows) => ((2 * (tp - 1)) / tp) * rows * bytesPerRow,
      ),
    attention: ({ tokens, pairs, heads, flopPerPair, bytesPerToken }) =>
      Math.max(
        (pairs * heads * flopPerPair) / prefillAttention.flopPerSecond +
          prefillAttention.computeRampSeconds,
        (tokens * bytesPerToken) / prefillAttention.bytesPerSecond +
          prefillAttention.memoryRampSeconds,
      ),
  }
}
