import {
  bytesPerElement,
  GIB,
  SimulatorError,
  type NumberFormat,
  type ReplicaLayout,
} from '@llmsim/contracts'
import { tensorParallelSizes } from './layout-check.js'
import {
  blocksOfSequence,
  memoryFootprint,
  type MemoryFootprint,
  type MemoryOptions,
} from './memory-footprint.js'

/** Weight formats that are tried in place of wider ones, the least lossy first. */
const narrower: readonly NumberFormat[] = ['fp8', 'int8', 'fp4', 'int4']

/** The share of memory that engines take unless told otherwise: below it, the share is to blame. */
const USUAL_UTILIZATION = 0.9

/**
 * Checks that weights, activations and at least `tokens` tokens of KV cache fit into the fullest device.
 *
 * @param tokens Tokens that the KV cache must hold at least: one KV block when absent.
 * @param path Dotted path of the field to blame.
 * @throws SimulatorError `DOES_NOT_FIT` with what is needed, what there is, and what would fit. It
 *   blames `engine.gpu_memory_utilization` where that is below 0.9 and a larger one would do.
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
  const kv = blocksOfSequence(footprint, tokens) * footprint.bytesPerBlock
  const utilization = options.memoryUtilization ?? USUAL_UTILIZATION
  const least = leastUtilization(layout, options, tokens)
  const tooSmall = least !== undefined && utilization < USUAL_UTILIZATION
  const ways = whatFits(layout, options, tokens)
  if (least !== undefined) {
    const share = `engine.gpu_memory_utilization of at least ${least}`
    if (tooSmall) ways.unshift(share)
    else ways.push(share)
  }
  if (ways.length === 0) ways.push(...foreignFormats(layout, options, tokens))
  const { draft, ...plain } = options
  if (draft !== undefined && holds(memoryFootprint(layout, plain), tokens))
    ways.push(draft.attached ? 'no draft' : 'a smaller draft model')
  throw new SimulatorError({
    code: 'DOES_NOT_FIT',
    path: tooSmall ? 'engine.gpu_memory_utilization' : path,
    message:
      `${model.name} needs ${gib(footprint.staticBytes + kv)} GiB per device ` +
      `(weights ${gib(footprint.weightBytes)}${draftShare(footprint, options)}, ${adaptersOf(footprint)}activations ${gib(footprint.activationBytes)}, ` +
      `reserve ${gib(footprint.reserveBytes)}, KV cache of ${tokens} tokens ${gib(kv)}), ` +
      `${accelerator.name} has ${gib(footprint.deviceBytes)} GiB`,
    given: tooSmall ? utilization : pp === 1 ? tp : `${tp} with ${pp} stages`,
    accepted:
      ways.length === 0 ? 'a device with more memory, or a smaller model' : ways.join(', or '),
  })
}

function holds(footprint: MemoryFootprint | undefined, tokens: number): boolean {
  if (footprint === undefined) return false
  return footprint.kvBlocks >= blocksOfSequence(footprint, tokens) && footprint.kvCacheBytes > 0
}

/** The least share of the device memory that is enough, in thousandths; absent: not even all is. */
function leastUtilization(
  layout: ReplicaLayout,
  options: MemoryOptions,
  tokens: number,
): number | undefined {
  const whole = memoryFootprint(layout, { ...options, memoryUtilization: 1 })
  if (!holds(whole, tokens)) return undefined
  const kv = blocksOfSequence(whole, tokens) * whole.bytesPerBlock
  const least = Math.ceil((1000 * (whole.staticBytes + kv)) / whole.deviceBytes)
  // Rounding may leave the bytes of the last block just short.
  const enough = [least, least + 1].find((thousandths) =>
    holds(memoryFootprint(layout, { ...options, memoryUtilization: thousandths / 1000 }), tokens),
  )
  return Math.min(1, (enough ?? 1000) / 1000)
}

/** The smallest larger TP that fits, and the narrower format that does and that the device has. */
function whatFits(layout: ReplicaLayout, options: MemoryOptions, tokens: number): string[] {
  const ways: string[] = []
  const tensorParallel = tensorParallelSizes(layout).find(
    (size) => size > layout.tensorParallel && holds(spread(layout, options, size), tokens),
  )
  if (tensorParallel !== undefined) ways.push(`tensor_parallel_size ${tensorParallel}`)
  const peaks = layout.accelerator.peak_flop_per_s
  const native = fittingFormats(layout, options, tokens).find((name) => peaks[name] !== undefined)
  if (native !== undefined) ways.push(`engine.dtype ${native}`)
  return ways
}

/** The footprint on more devices, where the draft splits over as many of them too. */
function spread(
  layout: ReplicaLayout,
  options: MemoryOptions,
  tensorParallel: number,
): MemoryFootprint | undefined {
  const { draft } = options
  const target = { ...layout, tensorParallel }
  if (draft === undefined) return memoryFootprint(target, options)
  if (!tensorParallelSizes(draft.layout).includes(tensorParallel)) return undefined
  return memoryFootprint(target, {
    ...options,
    draft: { ...draft, layout: { ...draft.layout, tensorParallel } },
  })
}

/** The widest format that fits, although the device computes in another one: where nothing else helps. */
function foreignFormats(layout: ReplicaLayout, options: MemoryOptions, tokens: number): string[] {
  return fittingFormats(layout, options, tokens)
    .slice(0, 1)
    .map((name) => `engine.dtype ${name}`)
}

function fittingFormats(
  layout: ReplicaLayout,
  options: MemoryOptions,
  tokens: number,
): NumberFormat[] {
  const width = bytesPerElement[layout.weightFormat]
  return narrower.filter(
    (weightFormat) =>
      bytesPerElement[weightFormat] < width &&
      holds(memoryFootprint({ ...layout, weightFormat }, options), tokens),
  )
}

function draftShare(
  { draftWeightBytes: bytes }: MemoryFootprint,
  { draft }: MemoryOptions,
): string {
  return draft === undefined
    ? ''
    : `, of which ${gib(bytes)} of the draft ${draft.layout.model.name}`
}

function adaptersOf({ adapterBytes }: MemoryFootprint): string {
  return adapterBytes > 0 ? `LoRA adapters ${gib(adapterBytes)}, ` : ''
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1)
}
