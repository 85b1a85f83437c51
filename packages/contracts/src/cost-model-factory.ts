import type { Accelerator } from './accelerator.js'
import type { Calibration, EngineProfile } from './calibration.js'
import type { CostModel } from './cost-model.js'
import type { Model } from './model.js'
import type { NumberFormat } from './number-format.js'

/** One link of a device: bytes per second in one direction, and seconds for a small message. */
export interface LinkSpeed {
  readonly bandwidthBytesPerSecond: number
  readonly latencySeconds: number
}

/** How one replica of a model lies on its devices. */
export interface ReplicaLayout {
  readonly model: Model
  readonly accelerator: Accelerator
  readonly tensorParallel: number
  readonly pipelineParallel: number
  /** Devices of one node: ranks beyond them talk over `interNode`. */
  readonly devicesPerNode: number
  readonly intraNode: LinkSpeed
  readonly interNode: LinkSpeed
  readonly weightFormat: NumberFormat
  readonly activationFormat: NumberFormat
  readonly kvCacheFormat: NumberFormat
  /**
   * Ranks of attention data parallelism, each of `tensorParallel` devices with its own copy of the
   * attention and its own KV cache; the experts are shared by all of them. 1 when absent.
   */
  readonly attentionDataParallel?: number | undefined
  /**
   * Devices that whole experts are spread over, of the `tensorParallel * attentionDataParallel` of a
   * stage; each expert is split over the rest of them. 1 when absent.
   */
  readonly expertParallel?: number | undefined
  /** Copies of experts besides one of each, spread with them; 0 when absent. */
  readonly redundantExperts?: number | undefined
  /** Tokens of the fullest device's experts over the average; 1 when absent. */
  readonly expertImbalance?: number | undefined
  /** How tokens reach the experts of other ranks; `allgather_reducescatter` when absent. */
  readonly allToAllBackend?: AllToAllBackend | undefined
  /**
   * Groups of `tensorParallel` devices that share the tokens of a prompt and the KV cache of a sequence, each with
   * all weights (context parallelism). 1 when absent.
   */
  readonly contextParallel?: number | undefined
  /**
   * Tokens that each decoding sequence computes in a step, its drafted ones included (speculative decoding);
   * 1 when absent. `logits` of the work counts all of them.
   */
  readonly verifiedTokens?: number | undefined
  /** Products that LoRA adapters change: those of attention, or of plain networks too, which it is when absent. */
  readonly adapterModules?: AdapterModules | undefined
}

/** Which products of a model its LoRA adapters change; routed experts, embedding and LM head never are. */
export const adapterModules = ['attention', 'all'] as const
export type AdapterModules = (typeof adapterModules)[number]

/**
 * How tokens go to the experts of other ranks and back, after the engines' backends:
 *
 * - `allgather_reducescatter`: every device gets the tokens of all ranks, and results are summed;
 * - `all_to_all`: one copy of a token for each expert that it visits, by the collectives' library;
 * - `deepep_high_throughput`: one copy for each node, passed on inside it (DeepEP's normal kernels);
 * - `deepep_low_latency`: one copy for each expert, straight to its device (DeepEP's low-latency kernels).
 */
export const allToAllBackends = [
  'allgather_reducescatter',
  'all_to_all',
  'deepep_high_throughput',
  'deepep_low_latency',
] as const
export type AllToAllBackend = (typeof allToAllBackends)[number]

export interface CostModelOptions extends ReplicaLayout {
  /** What the scenario's `cost_model.options` holds: overrides that each cost model defines. */
  readonly extra: Readonly<Record<string, unknown>>
  /** What was measured of the accelerator, for the cost models that use it. */
  readonly calibration?: Calibration | undefined
  /** What the engine adds to the kernels, for the cost models that use it. */
  readonly engineProfile?: EngineProfile | undefined
}

/** Makes a cost model: what a registry or a plug-in holds. */
export interface CostModelFactory {
  readonly name: string
  readonly description: string
  create(options: CostModelOptions): CostModel
}
