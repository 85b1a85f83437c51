import {
  bytesPerElement,
  isSimulatorError,
  parameterCounts,
  type Model,
  type ReplicaLayout,
} from '@llmsim/contracts'
import { resolveComputeFormat, weightBytesPerDevice } from '@llmsim/cost-models'
import type { Registries } from '../registries.js'
import { engineDefaults } from './engine-defaults.js'
import type { MeasuredPoint } from './measured-point.js'
import { acceleratorOf, layoutOf } from './point-layout.js'

/** A measurement that physics, its own figures or its neighbours contradict. */
export interface SuspectPoint {
  readonly id: string
  readonly reason: string
}

/** How much less a figure may be for more load before its neighbour contradicts it. */
const NEIGHBOUR_FACTOR = 1.5

/** How far e2e may lie from ttft + (n - 1) tpot. */
const SUM_TOLERANCE = 0.15

/** Share of the dense peak that serving both phases at once does not reach. */
const SERVING_PEAK_SHARE = 0.65

/** Lists what contradicts itself; nothing is dropped for it. */
export function suspectPoints(
  points: readonly MeasuredPoint[],
  registries: Registries,
): SuspectPoint[] {
  const order = new Map(points.map((point, index) => [point.id, index]))
  return [
    ...points.flatMap((point) => [...physical(point, registries), ...ownFigures(point)]),
    ...neighbours(points),
  ].toSorted((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0))
}

/** By Little's law, users over their time in the system are the requests per second that were served. */
function servedShare(point: MeasuredPoint, limits: PhysicalLimits): number {
  const { scenario, concurrency, ttft_ms_mean: ttft, tpot_ms_mean: tpot } = point
  const { input_len: input = 0, output_len: output = 0 } = point
  if (scenario !== 'closed' || concurrency === undefined) return 0
  if (ttft === undefined || tpot === undefined) return 0
  const perSecond = concurrency / ((ttft + (output - 1) * tpot) / 1000)
  return (perSecond * (input + output)) / limits.tokensPerSecond
}

function physical(point: MeasuredPoint, registries: Registries): SuspectPoint[] {
  const limits = physicalLimits(point, registries)
  if (limits === undefined) return []
  const { id } = point
  const found: SuspectPoint[] = []
  const { tpot_ms_mean: tpot, output_tokens_per_s: output } = point
  if (tpot !== undefined && tpot < limits.stepFloorMs)
    found.push({
      id,
      reason: `tpot of ${tpot} ms is below ${limits.stepFloorMs.toPrecision(4)} ms, the time to read the active weights once`,
    })
  if (output !== undefined && output > limits.tokensPerSecond)
    found.push({
      id,
      reason: `${output} output tokens/s are above ${limits.tokensPerSecond.toPrecision(4)}, the dense peak`,
    })
  if (point.ttft_ms_mean !== undefined && point.ttft_ms_mean < limits.prefillFloorMs)
    found.push({
      id,
      reason: `ttft of ${point.ttft_ms_mean} ms is below ${limits.prefillFloorMs.toPrecision(4)} ms, the prompt's FLOP at the dense peak`,
    })
  const share = servedShare(point, limits)
  if (share > SERVING_PEAK_SHARE)
    found.push({
      id,
      reason: `its users would be served at ${Math.round(100 * share)} % of the dense peak: prompts from a cache, or fewer users at once`,
    })
  const e2e = point.e2e_ms_mean
  const floor = limits.stepFloorMs * Math.round(point.output_len ?? 1)
  if (e2e !== undefined && e2e < floor)
    found.push({
      id,
      reason: `e2e of ${e2e} ms is below ${floor.toPrecision(4)} ms, the time to read the active weights for each token`,
    })
  return found
}

/** What no engine can beat without speculation. */
export interface PhysicalLimits {
  /** Milliseconds to read the weights that one token passes once, over all devices of an engine. */
  readonly stepFloorMs: number
  /** Tokens per second of all devices at the dense peak, 2 FLOP per active parameter. */
  readonly tokensPerSecond: number
  /** Milliseconds of one prompt at the dense peak. */
  readonly prefillFloorMs: number
}

/** The limits of a measurement; undefined where what it ran on is not known. */
export function physicalLimits(
  point: MeasuredPoint,
  registries: Registries,
): PhysicalLimits | undefined {
  let layout: ReplicaLayout
  try {
    const accelerator = acceleratorOf(point, registries)
    layout = layoutOf(point, accelerator, engineDefaults(point, accelerator), registries)
  } catch (error) {
    if (isSimulatorError(error)) return undefined
    throw error
  }
  const { accelerator, model } = layout
  const devices = layout.tensorParallel * layout.pipelineParallel * point.dp
  const bandwidth = accelerator.memory_bandwidth_bytes_per_s
  const peak = resolveComputeFormat(accelerator, layout.weightFormat, layout.activationFormat)
  const active = matrixParameters(model)
  return {
    stepFloorMs: (1000 * activeBytes(layout)) / (bandwidth * devices),
    tokensPerSecond: (peak.flopPerSecond * devices * point.replicas) / (2 * active),
    prefillFloorMs: (1000 * 2 * active * (point.input_len ?? 0)) / (peak.flopPerSecond * devices),
  }
}

/** Parameters of matrix products that one token passes: no embedding, which is looked up. */
function matrixParameters(model: Model): number {
  const counts = parameterCounts(model)
  return counts.active - counts.embedding - (model.tied_embeddings ? 0 : counts.lmHead)
}

/** Bytes that any step reads at least: the weights of one device times devices, less idle experts. */
function activeBytes(layout: ReplicaLayout): number {
  const { model, weightFormat, tensorParallel: tp, pipelineParallel: pp } = layout
  const counts = parameterCounts(model)
  const { ffn } = model
  const idle =
    ffn.kind === 'moe'
      ? counts.moeLayers * (ffn.experts - ffn.experts_per_token) * counts.expert
      : 0
  const embedding = model.tied_embeddings ? 0 : counts.embedding * 2
  const alone = { ...layout, attentionDataParallel: 1, expertParallel: 1 }
  return pp === 1
    ? weightBytesPerDevice(alone) * tp - idle * bytesPerElement[weightFormat] - embedding
    : matrixParameters(model) * bytesPerElement[weightFormat]
}

function ownFigures(point: MeasuredPoint): SuspectPoint[] {
  const { id, ttft_ms_mean: ttft, tpot_ms_mean: tpot, e2e_ms_mean: e2e, output_len: n } = point
  if (ttft === undefined || tpot === undefined || e2e === undefined || n === undefined) return []
  const sum = ttft + (n - 1) * tpot
  if (Math.abs(e2e / sum - 1) <= SUM_TOLERANCE) return []
  return [{ id, reason: `e2e of ${e2e} ms is not ttft + (n - 1) tpot, ${sum.toPrecision(5)} ms` }]
}

/** Rows that differ in load alone: more of it must not be much faster. */
function neighbours(points: readonly MeasuredPoint[]): SuspectPoint[] {
  const families = new Map<string, MeasuredPoint[]>()
  for (const point of points) {
    const load = loadOf(point)
    if (load === undefined) continue
    const key = familyOf(point)
    const members = families.get(key) ?? []
    members.push(point)
    families.set(key, members)
  }
  const found: SuspectPoint[] = []
  for (const members of families.values()) {
    const sorted = members.toSorted((a, b) => (loadOf(a) ?? 0) - (loadOf(b) ?? 0))
    for (const metric of ['tpot_ms_mean', 'e2e_ms_mean'] as const)
      found.push(...falling(sorted, metric), ...leaping(sorted, metric))
  }
  return found
}

/** Batch or users; rates are left out, since a small change of them moves a queue by much. */
function loadOf({ batch, concurrency, scenario }: MeasuredPoint): number | undefined {
  return scenario === 'static' ? batch : scenario === 'closed' ? concurrency : undefined
}

function familyOf(point: MeasuredPoint): string {
  const { source, model, hardware, engine, engine_version, scenario, notes } = point
  const { weight_dtype, activation_dtype, kv_dtype, tp, pp, dp, ep, replicas } = point
  const { input_len, output_len, length_range_ratio, max_num_seqs, max_num_batched_tokens } = point
  const measured = /measured (\S+?);/.exec(notes)?.[1]
  return JSON.stringify([
    ...[source, model, hardware, engine, engine_version, scenario, measured],
    ...[weight_dtype, activation_dtype, kv_dtype, tp, pp, dp, ep, replicas],
    ...[input_len, output_len, length_range_ratio, max_num_seqs, max_num_batched_tokens],
  ])
}

function falling(
  sorted: readonly MeasuredPoint[],
  metric: 'tpot_ms_mean' | 'e2e_ms_mean',
): SuspectPoint[] {
  const found: SuspectPoint[] = []
  let largest: MeasuredPoint | undefined
  for (const point of sorted) {
    const value = point[metric]
    if (value === undefined) continue
    const before = largest?.[metric] ?? 0
    if (
      largest !== undefined &&
      (loadOf(largest) ?? 0) < (loadOf(point) ?? 0) &&
      before > NEIGHBOUR_FACTOR * value
    )
      found.push({
        id: largest.id,
        reason: `${metric} of ${before} at a load of ${loadOf(largest) ?? 0} is ${(before / value).toFixed(2)} times that of ${point.id} at ${loadOf(point) ?? 0}`,
      })
    if (value > before) largest = point
  }
  return found
}

/** A step grows at most with its batch: a time per token that grows faster than the load is no decoding. */
function leaping(
  sorted: readonly MeasuredPoint[],
  metric: 'tpot_ms_mean' | 'e2e_ms_mean',
): SuspectPoint[] {
  const measured = sorted.filter((point) => point[metric] !== undefined)
  return measured.flatMap((point, index) => {
    const before = measured[index - 1]
    if (before === undefined) return []
    const growth = (point[metric] ?? 0) / (before[metric] ?? 1)
    const more = (loadOf(point) ?? 0) / (loadOf(before) ?? 1)
    if (more <= 1 || growth <= NEIGHBOUR_FACTOR * more) return []
    return [
      {
        id: point.id,
        reason: `${metric} of ${point[metric] ?? 0} is ${growth.toFixed(2)} times that of ${before.id} at ${more.toFixed(2)} times the load`,
      },
    ]
  })
}
