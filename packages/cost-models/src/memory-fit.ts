import {
  bytesPerElement,
  GIB,
  SimulatorError,
  type NumberFormat,
  type ReplicaLayout,
} from '@llmsim/contracts'
import { tensorParallelSizes } from './layout-check.js'
import { memoryFootprint, type MemoryFootprint, type MemoryOptions } from './memory-footprint.js'

/** Weight formats that are tried in place of wider ones. */
const narrower: readonly NumberFormat[] = ['fp8', 'int4']

/**
 * Checks that weights, activations and at least `tokens` tokens of KV cache fit into the fullest device.
 *
 * @param tokens Tokens that the KV cache must hold at least: one KV block when absent.
 * @param path Dotted path of the field to blame.
 * @throws SimulatorError `DOES_NOT_FIT` with what is needed, what there is, and what would fit.
 */
export function requireFit(
  footprint: MemoryFootprint,
  layout: ReplicaLayout,
  options: MemoryOptions,
  tokens: number = footprint.blockSize,
  path = 'parallelism.tensor_parallel_size',
): void {
  if (holds(footprint, tokens)) return
  const { model, accelerator, tensorParallel: tp, pipelineParallel: pp } = layout
  const blocks = Math.ceil(tokens / footprint.blockSize)
  const kv = blocks * footprint.bytesPerBlock
  throw new SimulatorError({
    code: 'DOES_NOT_FIT',
    path,
    message:
      `${model.name} needs ${gib(footprint.staticBytes + kv)} GiB per device ` +
      `(weights ${gib(footprint.weightBytes)}, activations ${gib(footprint.activationBytes)}, ` +
      `reserve ${gib(footprint.reserveBytes)}, KV cache of ${tokens} tokens ${gib(kv)}), ` +
      `${accelerator.name} has ${gib(footprint.deviceBytes)} GiB`,
    given: pp === 1 ? tp : `${tp} with ${pp} stages`,
    accepted: whatFits(layout, options, tokens),
  })
}

function holds(footprint: MemoryFootprint, tokens: number): boolean {
  return footprint.kvBlocks * footprint.blockSize >= tokens && footprint.kvCacheBytes > 0
}

/** The smallest larger TP that fits, and the narrower weight formats that do as things are. */
function whatFits(layout: ReplicaLayout, options: MemoryOptions, tokens: number): string {
  const fits = (tried: ReplicaLayout): boolean => holds(memoryFootprint(tried, options), tokens)
  const ways: string[] = []
  const tensorParallel = tensorParallelSizes(layout).find(
    (size) => size > layout.tensorParallel && fits({ ...layout, tensorParallel: size }),
  )
  if (tensorParallel !== undefined) ways.push(`tensor_parallel_size ${tensorParallel}`)
  const width = bytesPerElement[layout.weightFormat]
  for (const weightFormat of narrower)
    if (bytesPerElement[weightFormat] < width && fits({ ...layout, weightFormat })) {
      ways.push(`engine.dtype ${weightFormat}`)
      break
    }
  return ways.length === 0 ? 'a device with more memory, or a smaller model' : ways.join(', or ')
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1)
}
