import {
  bytesPerElement,
  type Calibration,
  type CostModelOptions,
  type EngineProfile,
  type LinkSpeed,
  type MatrixCurve,
  type NumberFormat,
  type OperatorBound,
} from '@llmsim/contracts'
import { hierarchicalAllReduce } from '../collectives.js'
import { resolveComputeFormat, unquantisedFormat } from '../compute-format.js'
import { expertLayout } from '../expert-layout.js'
import type { Operator } from '../operator.js'
import { collectiveSeconds, ringBytes, type CollectiveName } from './collective-time.js'
import { curveOf } from './curve-choice.js'
import { groupedBytes, groupedCompute, groupedMemory, groupedSeconds } from './grouped-kernel.js'
import type { KernelDevice } from './kernel-device.js'
import { matrixBytes, matrixCompute, matrixMemory, matrixSeconds } from './matrix-kernel.js'

/** One operator at `count` tokens: what it takes, computes and moves, once. */
interface OperatorRun {
  readonly seconds: number
  readonly flop: number
  readonly bytes: number
  readonly sentBytes: number
  readonly bound: OperatorBound
}

/** An operator that runs `runs` times in one pass. */
export function operator(
  name: string,
  runs: number,
  run: (count: number) => OperatorRun,
): Operator {
  return {
    seconds: (count) => runs * run(count).seconds,
    describe: (count) => {
      const { seconds, flop, bytes, sentBytes, bound } = run(count)
      return {
        name,
        seconds: runs * seconds,
        flop: runs * flop,
        bytes: runs * bytes,
        sentBytes: runs * sentBytes,
        bound,
      }
    },
  }
}

/** The kernels of one device, by the curves of its calibration and the engine's ratio to them. */
export class CalibratedDevice {
  readonly calibration: Calibration
  readonly profile: EngineProfile
  readonly residualBytes: number
  readonly #given: CostModelOptions

  constructor(given: CostModelOptions, calibration: Calibration, profile: EngineProfile) {
    this.#given = given
    this.calibration = withEngineKernels(calibration, profile)
    this.profile = profile
    this.residualBytes = bytesPerElement[unquantisedFormat(given.activationFormat)]
  }

  /** The device in the format that `weights` and `activations` are computed in. */
  device(
    weights: NumberFormat,
    activations: NumberFormat,
  ): KernelDevice & { format: NumberFormat } {
    const { accelerator } = this.#given
    // Kernels that take weights alone narrower than the matrix units can compute in 16 bits.
    const narrow =
      bytesPerElement[weights] < 1 && accelerator.peak_flop_per_s[weights] === undefined
    const operands = narrow ? unquantisedFormat(activations) : activations
    const { format, flopPerSecond } = resolveComputeFormat(accelerator, weights, operands)
    return {
      format,
      flopPerSecond,
      bytesPerSecond: accelerator.memory_bandwidth_bytes_per_s,
      computeUnits: this.calibration.compute_units,
    }
  }

  /** The curve of products with such weights, less the passes that the engine fuses. */
  #matrixCurve(weights: NumberFormat, computed: NumberFormat): MatrixCurve {
    const curves = this.calibration.kernels.gemm
    const curve = required(curves[weights] ?? curveOf(curves, computed))
    const plain = curveOf(curves, 'bf16')
    const left = 1 - this.profile.fused_quantisation
    if (plain === undefined || curve.pass_bytes_per_input === 0) return curve
    const launch = Math.max(0, curve.latency_s - plain.latency_s)
    return {
      ...curve,
      pass_bytes_per_input: left * curve.pass_bytes_per_input,
      latency_s: curve.latency_s - (1 - left) * launch,
    }
  }

  ratio(kind: keyof EngineProfile['kernel_time_ratio']): number {
    return this.profile.kernel_time_ratio[kind] ?? 1
  }

  /** A product of all tokens with a matrix of `depth` by `columns`, `runs` times. */
  product(
    name: string,
    runs: number,
    depth: number,
    columns: number,
    quantised = true,
    products = 1,
  ): Operator {
    const { weightFormat, activationFormat } = this.#given
    const weights = quantised ? weightFormat : unquantisedFormat(weightFormat)
    const activations = quantised ? activationFormat : unquantisedFormat(activationFormat)
    const device = this.device(weights, activations)
    const curve = this.#matrixCurve(weights, device.format)
    const shape = {
      rows: 0,
      columns,
      depth,
      weightBytes: bytesPerElement[weights],
      inputBytes: Math.min(this.residualBytes, bytesPerElement[device.format]),
      outputBytes: this.residualBytes,
    }
    const ratio = this.ratio('gemm')
    return operator(name, runs * products, (count) => {
      shape.rows = count
      const flop = 2 * count * depth * columns
      const bytes = matrixBytes(shape)
      const compute = matrixCompute(curve, device, shape)
      const bound = compute > matrixMemory(curve, device, shape) ? 'compute' : 'memory'
      const seconds = ratio * matrixSeconds(curve, device, shape)
      return { seconds: floored(seconds, device, flop, bytes), flop, bytes, sentBytes: 0, bound }
    })
  }

  /** Routed experts: `rows` and visited `experts` of the fullest device as functions of the tokens. */
  experts(
    name: string,
    runs: number,
    sizes: { hidden: number; inner: number; matrices: number },
    rows: (count: number) => number,
    visited: (count: number) => number,
  ): Operator {
    const { weightFormat, activationFormat } = this.#given
    const device = this.device(weightFormat, activationFormat)
    const curves = this.calibration.kernels.expert_gemm
    const curve = required(curves[weightFormat] ?? curveOf(curves, device.format))
    const shape = {
      ...sizes,
      rows: 0,
      experts: 0,
      weightBytes: bytesPerElement[weightFormat],
      rowBytes: this.residualBytes,
    }
    const ratio = this.ratio('expert_gemm')
    return operator(name, runs, (count) => {
      shape.rows = rows(count)
      shape.experts = visited(count)
      const flop = 2 * shape.rows * sizes.hidden * sizes.inner * sizes.matrices
      const bytes = groupedBytes(shape)
      const compute = groupedCompute(curve, device, shape)
      const bound = compute > groupedMemory(curve, device, shape) ? 'compute' : 'memory'
      const seconds = ratio * groupedSeconds(curve, device, shape)
      return { seconds: floored(seconds, device, flop, bytes), flop, bytes, sentBytes: 0, bound }
    })
  }

  /** Kernels that move `bytesPerToken` bytes of each token, in `kernels` launches. */
  mover(name: string, runs: number, kernels: number, bytesPerToken: number): Operator {
    const { memory_fraction: share, latency_s: latency } = this.calibration.kernels.elementwise
    const bandwidth = this.#given.accelerator.memory_bandwidth_bytes_per_s
    return operator(name, runs, (count) => ({
      seconds: kernels * latency + (count * bytesPerToken) / (bandwidth * share),
      flop: 0,
      bytes: count * bytesPerToken,
      sentBytes: 0,
      bound: 'memory',
    }))
  }

  /** A collective over `ranks` devices of a message of `bytesPerToken` bytes per token. */
  collective(
    name: string,
    runs: number,
    kind: Exclude<CollectiveName, 'send'>,
    ranks: number,
    bytesPerToken: number,
  ): Operator {
    const ratio = this.ratio('collective')
    return operator(name, runs, (count) => ({
      seconds: ratio * this.collectiveSeconds(kind, ranks, count * bytesPerToken),
      flop: 0,
      bytes: 0,
      sentBytes: ringBytes[kind](ranks, count * bytesPerToken),
      bound: 'communication',
    }))
  }

  /** All stages of a pipeline pass their tokens on: boundaries between nodes over the slower link. */
  stageSends(runs: number, bytesPerToken: number): Operator {
    const { pipelineParallel: pp, devicesPerNode } = this.#given
    const { devices } = expertLayout(this.#given)
    const { intraNode, interNode } = this.#given
    const curves = this.calibration.interconnect.send
    let crossing = 0
    for (let stage = 1; stage < pp; stage++)
      if (
        Math.floor((stage * devices) / devicesPerNode) !==
        Math.floor(((stage - 1) * devices) / devicesPerNode)
      )
        crossing++
    const over = (link: LinkSpeed, bytes: number): number =>
      collectiveSeconds('send', curves, 2, bytes, link.bandwidthBytesPerSecond)
    return operator('stage_send', runs, (count) => {
      const bytes = count * bytesPerToken
      const staying = (pp - 1 - crossing) * over(intraNode, bytes)
      const leaving =
        crossing === 0 ? 0 : crossing * (over(interNode, bytes) + interNode.latencySeconds)
      return {
        seconds: staying + leaving,
        flop: 0,
        bytes: 0,
        sentBytes: bytes,
        bound: 'communication',
      }
    })
  }

  /** Inside a node by the measured curves; between nodes by the network's datasheet. */
  collectiveSeconds(kind: Exclude<CollectiveName, 'send'>, ranks: number, bytes: number): number {
    const { devicesPerNode, intraNode, interNode } = this.#given
    const curves = this.curves(kind)
    const local = (size: number, name: Exclude<CollectiveName, 'send'> = kind): number =>
      collectiveSeconds(name, this.curves(name), size, bytes, intraNode.bandwidthBytesPerSecond)
    const nodes = Math.ceil(ranks / devicesPerNode)
    if (nodes <= 1) return local(ranks)
    const within = Math.ceil(ranks / nodes)
    if (kind === 'all_reduce')
      return (
        local(within, 'reduce_scatter') +
        hierarchicalAllReduce(1, nodes, bytes / within, interNode, interNode) +
        local(within, 'all_gather')
      )
    const share = curves[0]?.bandwidth_fraction ?? 1
    // What every device of a node needs from others comes over the links of all of them.
    const gathered = kind === 'all_gather' || kind === 'reduce_scatter' ? within : 1
    const sent =
      (bytes * (nodes - 1)) /
      nodes /
      gathered /
      (interNode.bandwidthBytesPerSecond * Math.min(1, share))
    return local(within) + (nodes - 1) * interNode.latencySeconds + sent
  }

  curves(kind: CollectiveName): Calibration['interconnect']['send'] {
    const { interconnect } = this.calibration
    const curves = interconnect[kind]
    return curves.length > 0 ? curves : interconnect.all_to_all
  }
}

/** No kernel beats the datasheet: neither its dense peak nor its bandwidth. */
function floored(seconds: number, device: KernelDevice, flop: number, bytes: number): number {
  return Math.max(seconds, flop / device.flopPerSecond, bytes / device.bytesPerSecond)
}

function required<Curve>(curve: Curve | undefined): Curve {
  if (curve === undefined) throw new Error('a calibration holds a curve of each kind of kernel')
  return curve
}

/** The calibration with the kernels that the engine brings of its own. */
function withEngineKernels(calibration: Calibration, profile: EngineProfile): Calibration {
  const own = calibration.engine_kernels?.[profile.kernels ?? profile.name]
  if (own === undefined) return calibration
  const { kernels } = calibration
  return {
    ...calibration,
    kernels: {
      ...kernels,
      decode_attention: { ...kernels.decode_attention, ...own.decode_attention },
    },
  }
}
