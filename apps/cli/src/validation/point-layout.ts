import {
  bytesPerElement,
  SimulatorError,
  type Accelerator,
  type Model,
  type NumberFormat,
  type ReplicaLayout,
  type ReplicaMemory,
  type Scheduler,
} from '@llmsim/contracts'
import { memoryFootprint, requireFit, unquantisedFormat } from '@llmsim/cost-models'
import { windowedKv } from '../hybrid-cache.js'
import type { Registries } from '../registries.js'
import type { EngineDefaults } from './engine-settings.js'
import type { MeasuredPoint } from './measured-point.js'

/** Devices of the catalog in one device of the measurements: an MI250 card holds two dies. */
const diesPerDevice: ReadonlyMap<string, number> = new Map([
  ['mi250', 2],
  ['mi250x', 2],
])

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
): ReplicaLayout {
  const model = asServed(registries.models.get(point.model, 'model'), point)
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
    ...expertsOf(point, model, dies),
  }
}

/** vLLM gives all layers as many key/value heads as the layer with the most (`model_executor/models/decilm.py`). */
function asServed(model: Model, { engine }: MeasuredPoint): Model {
  const { attention } = model
  if (attention.kind === 'mla' || attention.total_kv_heads === undefined || engine !== 'vllm')
    return model
  const { total_kv_heads: _, ...even } = attention
  return { ...model, attention: even }
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

/** Attention ranks, and the devices that whole experts are spread over. */
function expertsOf(
  { tp, dp, ep }: MeasuredPoint,
  model: Model,
  dies: number,
): Pick<ReplicaLayout, 'attentionDataParallel' | 'expertParallel'> {
  const refused = (path: string, given: number, message: string): SimulatorError =>
    new SimulatorError({ code: 'CONFLICT', path, message, given })
  if (model.ffn.kind !== 'moe' && (dp > 1 || ep > 1))
    throw refused(dp > 1 ? 'dp' : 'ep', dp > 1 ? dp : ep, 'without experts')
  if ((tp * dp) % ep !== 0)
    throw refused('ep', ep, `experts spread over a part of ${tp * dp} devices`)
  return { attentionDataParallel: dp, expertParallel: ep === 1 ? 1 : ep * dies }
}

/**
 * KV blocks that the engine finds. Throws `SimulatorError` `DOES_NOT_FIT`.
 *
 * @param sequences sequences in one step at most.
 * @param scheduler one like that of the engine.
 */
export function pointMemory(
  layout: ReplicaLayout,
  defaults: EngineDefaults,
  maxBatchedTokens: number,
  sequences: number,
  scheduler: Scheduler,
): ReplicaMemory {
  const { kvMemory, windowedKv: hybrid = false } = defaults
  const options = {
    memoryUtilization: kvMemory.of === 'device' ? kvMemory.share : 1,
    blockSize: 16,
    maxBatchedTokens,
    maxBatchSize: sequences,
    wholeContexts: !hybrid,
  }
  const footprint = memoryFootprint(layout, options)
  const room = footprint.kvCacheBytes * (kvMemory.of === 'device' ? 1 : kvMemory.share)
  requireFit(footprint, layout, options, undefined, 'tp')
  return {
    kvBlocks: Math.max(1, Math.floor(room / footprint.bytesPerBlock)),
    blockSize: footprint.blockSize,
    ...(footprint.stateBlocks === 0 ? {} : { stateBlocks: footprint.stateBlocks }),
    ...windowedKv(footprint, scheduler),
    bytesPerBlock: footprint.bytesPerBlock,
    staticBytes: footprint.staticBytes,
  }
}
