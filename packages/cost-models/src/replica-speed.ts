import {
  bytesPerElement,
  type LinkSpeed,
  type NumberFormat,
  type ReplicaLayout,
} from '@llmsim/contracts'
import { allGather, hierarchicalAllReduce, send } from './collectives.js'
import { resolveComputeFormat, unquantisedFormat } from './compute-format.js'
import { expertLayout } from './expert-layout.js'
import type { KernelRates } from './operator.js'
import type { RooflineOptions } from './roofline-options.js'

/** How fast the devices of a replica compute, read and talk, efficiencies included. */
export interface ReplicaSpeed {
  readonly linear: KernelRates
  /** Routed experts: many small products in one kernel. */
  readonly experts: KernelRates
  /** Router and LM head, which quantised checkpoints leave at 16 bits. */
  readonly unquantised: KernelRates
  readonly prefillAttention: KernelRates
  readonly decodeAttention: KernelRates
  /** Bytes of one element of linear weights, of unquantised weights, of the residual stream. */
  readonly weightBytes: number
  readonly unquantisedBytes: number
  readonly residualBytes: number
  readonly kvBytes: number
  /** Seconds to all-reduce so many bytes over the TP group. */
  allReduce(messageBytes: number): number
  /** Seconds to gather so many bytes, all parts together, over the TP group. */
  allGather(messageBytes: number): number
  /** Seconds to pass so many bytes through all stage boundaries. */
  stageSends(messageBytes: number): number
}

/** Rates of a replica's devices, from the datasheet and the achieved shares. */
export function replicaSpeed(layout: ReplicaLayout, options: RooflineOptions): ReplicaSpeed {
  const { accelerator, weightFormat, activationFormat } = layout
  const bandwidth = accelerator.memory_bandwidth_bytes_per_s
  const residual = unquantisedFormat(activationFormat)
  const unquantised = unquantisedFormat(weightFormat)
  const achievable = (weights: NumberFormat, activations: NumberFormat): number => {
    const { format, flopPerSecond } = resolveComputeFormat(accelerator, weights, activations)
    const width = bytesPerElement[format]
    if (width >= 2) return flopPerSecond
    return flopPerSecond * (width < 1 ? options.fourBitEfficiency : options.eightBitEfficiency)
  }
  const linear = achievable(weightFormat, activationFormat)
  const wide = achievable(unquantised, residual)
  const attention = achievable(residual, residual)

  const rates = (flopRate: number, compute: number, memory: number): KernelRates => {
    const flopPerSecond = compute * flopRate
    const bytesPerSecond = memory * bandwidth
    const ramp = options.kernelRampSeconds
    return {
      flopPerSecond,
      bytesPerSecond,
      computeRampSeconds: options.halfFlop === undefined ? ramp : options.halfFlop / flopPerSecond,
      memoryRampSeconds:
        options.halfBytes === undefined ? ramp : options.halfBytes / bytesPerSecond,
    }
  }
  const { computeEfficiency, memoryEfficiency, expertEfficiency } = options
  const prefill = options.prefillAttentionEfficiency
  return {
    linear: rates(linear, computeEfficiency, memoryEfficiency),
    experts: rates(
      linear,
      computeEfficiency * expertEfficiency,
      memoryEfficiency * expertEfficiency,
    ),
    unquantised: rates(wide, computeEfficiency, memoryEfficiency),
    prefillAttention: rates(attention, prefill, memoryEfficiency),
    decodeAttention: rates(attention, prefill, options.decodeAttentionEfficiency),
    weightBytes: bytesPerElement[weightFormat],
    unquantisedBytes: bytesPerElement[unquantised],
    residualBytes: bytesPerElement[residual],
    kvBytes: bytesPerElement[layout.kvCacheFormat],
    ...groupSpeed(layout, options),
  }
}

/** The TP group lies on consecutive devices, the stages behind each other, from a node's first device on. */
function groupSpeed(
  layout: ReplicaLayout,
  options: RooflineOptions,
): Pick<ReplicaSpeed, 'allReduce' | 'allGather' | 'stageSends'> {
  const { tensorParallel: tp, pipelineParallel: pp, devicesPerNode } = layout
  const { devices } = expertLayout(layout)
  const intra = achieved(layout.intraNode, options)
  const inter = achieved(layout.interNode, options)
  const nodes = Math.ceil(tp / devicesPerNode)
  const local = Math.ceil(tp / nodes)
  const start = tp > 1 ? options.collectiveOverheadSeconds : 0
  let crossing = 0
  for (let stage = 1; stage < pp; stage++)
    if (
      Math.floor((stage * devices) / devicesPerNode) !==
      Math.floor(((stage - 1) * devices) / devicesPerNode)
    )
      crossing++
  const staying = pp - 1 - crossing
  return {
    allReduce: (bytes) => start + hierarchicalAllReduce(nodes, local, bytes, intra, inter),
    allGather: (bytes) => start + allGather(tp, bytes, nodes > 1 ? inter : intra),
    stageSends: (bytes) =>
      (staying === 0 ? 0 : staying * send(bytes, intra)) +
      (crossing === 0 ? 0 : crossing * send(bytes, inter)),
  }
}

function achieved(link: LinkSpeed, options: RooflineOptions): LinkSpeed {
  return {
    bandwidthBytesPerSecond: link.bandwidthBytesPerSecond * options.communicationEfficiency,
    latencySeconds: link.latencySeconds,
  }
}
