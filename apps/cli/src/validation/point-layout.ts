import {
  parameterCounts,
  bytesPerElement,
  SimulatorError,
  type Accelerator,
  type Model,
  type NumberFormat,
  type ReplicaLayout,
  type ReplicaMemory,
} from '@llmsim/contracts'
import { memoryFootprint, requireFit, unquantisedFormat } from '@llmsim/cost-models'
import type { Registries } from '../registries.js'
import type { EngineDefaults } from './engine-defaults.js'
import type { MeasuredPoint } from './measured-point.js'

/** Devices of the catalog in one device of the measurements: an MI250 card holds two dies. */
const diesPerDevice: ReadonlyMap<string, number> = new Map([
  ['mi250', 2],
  ['mi250x', 2],
])

/** What a measurement ran on. */
export interface PointLayout extends ReplicaLayout {
  /** Devices that whole experts are spread over; 1: each expert is split over the devices of TP. */
  readonly expertSpread: number
}

/** Finds the device. Throws `SimulatorError`: `UNKNOWN_NAME`, `CONFLICT`. */
export function acceleratorOf(point: MeasuredPoint, registries: Registries): Accelerator {
  const { accelerators } = registries
  if (accelerators.has(point.hardware)) return accelerators.get(point.hardware, 'hardware')
  // `l40s-48gb`: the catalog may name it without its memory.
  const sized = /^(.*)-(\d+)gb$/i.exec(point.hardware)
  if (sized?.[1] !== undefined && accelerators.has(sized[1])) {
    const found = accelerators.get(sized[1], 'hardware')
    const nominal = Number(sized[2]) * 1e9
    if (Math.abs(found.memory_bytes / nominal - 1) < 0.1) return found
  }
  return accelerators.get(point.hardware, 'hardware')
}

/** Lays the model out as it was measured. Throws `SimulatorError` for what cannot be expressed. */
export function layoutOf(
  point: MeasuredPoint,
  accelerator: Accelerator,
  defaults: EngineDefaults,
  registries: Registries,
): PointLayout {
  const model = registries.models.get(point.model, 'model')
  const dies = diesPerDevice.get(accelerator.name) ?? 1
  const tensorParallel = point.tp * dies
  const weightFormat = point.weight_dtype ?? model.dtype
  return {
    model,
    accelerator,
    tensorParallel,
    pipelineParallel: point.pp,
    devicesPerNode: devicesPerNode(point, accelerator, dies),
    intraNode: linkOf(accelerator.scale_up),
    interNode: linkOf(accelerator.scale_out),
    weightFormat,
    activationFormat: point.activation_dtype ?? activationFormat(weightFormat, accelerator),
    kvCacheFormat: point.kv_dtype ?? kvFormat(weightFormat, defaults),
    expertSpread: expertParallelOf(point, model),
  }
}

/**
 * What is stated, or the usual node of the product. Tensor parallelism over parts that come one to a
 * node (GH200) means a machine that joins several by their scale-up links.
 */
function devicesPerNode(
  { devices_per_node: stated = 0, tp }: MeasuredPoint,
  { devices_per_node: usual }: Accelerator,
  dies: number,
): number {
  const joined = usual === 1 ? tp * dies : usual
  return Math.max(stated * dies, joined)
}

function linkOf(link: Accelerator['scale_up']): ReplicaLayout['intraNode'] {
  return { bandwidthBytesPerSecond: link.bandwidth_bytes_per_s, latencySeconds: link.latency_s }
}

/**
 * Four-bit weights are multiplied by 16-bit activations unless a measurement says otherwise, or by
 * those of 8 bits (MXFP4 with MXFP8) where the device takes fp4.
 */
function activationFormat(
  weights: NumberFormat,
  { peak_flop_per_s: peaks }: Accelerator,
): NumberFormat {
  if (weights === 'fp4' && peaks.fp4 !== undefined) return 'fp8'
  return bytesPerElement[weights] < 1 ? unquantisedFormat(weights) : weights
}

function kvFormat(weights: NumberFormat, { quantisedKv }: EngineDefaults): NumberFormat {
  return bytesPerElement[weights] > 1 ? weights : quantisedKv
}

/** Experts whole on each device, or split over TP: nothing between. */
function expertParallelOf({ tp, dp, ep, pp }: MeasuredPoint, model: Model): number {
  const refused = (path: string, given: number, message: string): SimulatorError =>
    new SimulatorError({ code: 'CONFLICT', path, message, given })
  if (dp > 1 && pp > 1) throw refused('dp', dp, 'attention data parallelism with pipeline stages')
  if (model.ffn.kind !== 'moe') {
    if (dp > 1 || ep > 1) throw refused(dp > 1 ? 'dp' : 'ep', dp > 1 ? dp : ep, 'without experts')
    return 1
  }
  if (ep === 1 && dp === 1) return 1
  if (ep === 1)
    throw refused('dp', dp, 'experts split over the devices of several attention groups')
  if (ep !== tp * dp) throw refused('ep', ep, `experts spread over a part of ${tp * dp} devices`)
  return ep
}

/**
 * KV blocks that the engine finds. Throws `SimulatorError` `DOES_NOT_FIT`.
 *
 * @param sequences sequences in one step at most.
 */
export function pointMemory(
  layout: PointLayout,
  defaults: EngineDefaults,
  maxBatchedTokens: number,
  sequences: number,
): ReplicaMemory {
  const { kvMemory } = defaults
  const options = {
    memoryUtilization: kvMemory.of === 'device' ? kvMemory.share : 1,
    blockSize: 16,
    maxBatchedTokens,
    maxBatchSize: sequences,
  }
  const footprint = memoryFootprint(layout, options)
  const spread = spreadExpertBytes(layout)
  const room = (footprint.kvCacheBytes + spread) * (kvMemory.of === 'device' ? 1 : kvMemory.share)
  if (spread === 0) requireFit(footprint, layout, options, undefined, 'tp')
  const kvBlocks = Math.floor(room / footprint.bytesPerBlock)
  if (kvBlocks < 1)
    throw new SimulatorError({
      code: 'DOES_NOT_FIT',
      path: 'ep',
      message: 'the weights leave no room for a KV cache',
      given: layout.expertSpread,
    })
  return {
    kvBlocks,
    blockSize: footprint.blockSize,
    bytesPerBlock: footprint.bytesPerBlock,
    staticBytes: footprint.staticBytes - spread,
  }
}

/** Bytes of experts that other attention groups hold, which the footprint of one group counts here. */
function spreadExpertBytes(layout: PointLayout): number {
  const { model, tensorParallel: tp, expertSpread: ep, weightFormat } = layout
  if (model.ffn.kind !== 'moe' || ep <= tp) return 0
  const { expert, moeLayers } = parameterCounts(model)
  const here = (moeLayers * model.ffn.experts * expert * bytesPerElement[weightFormat]) / tp
  return here * (1 - tp / ep)
}
