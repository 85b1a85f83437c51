import { SimulatorError, type AllToAllBackend, type ParallelismSection } from '@llmsim/contracts'

/** Sizes of one replica: attention ranks side by side, and the experts that they share. */
export interface ResolvedParallelism {
  readonly tensor_parallel_size: number
  readonly pipeline_parallel_size: number
  readonly context_parallel_size: number
  readonly attention_data_parallel_size: number
  readonly expert_parallel_size: number
  readonly redundant_experts: number
  readonly expert_imbalance: number
  readonly all_to_all_backend: AllToAllBackend
}

type Given = Omit<ParallelismSection, 'data_parallel_size'>

/**
 * Fills in the sizes of a replica, a pool's own before the common ones.
 *
 * @param path dotted path of the pool's own section.
 * @throws SimulatorError `CONFLICT` where the size of expert parallelism and its switch contradict.
 */
export function resolveParallelism(
  common: Given,
  own: Given = {},
  path = 'parallelism',
): ResolvedParallelism {
  const tp = own.tensor_parallel_size ?? common.tensor_parallel_size ?? 1
  const ranks = own.attention_data_parallel_size ?? common.attention_data_parallel_size ?? 1
  return {
    tensor_parallel_size: tp,
    pipeline_parallel_size: own.pipeline_parallel_size ?? common.pipeline_parallel_size ?? 1,
    context_parallel_size: own.context_parallel_size ?? common.context_parallel_size ?? 1,
    attention_data_parallel_size: ranks,
    expert_parallel_size:
      spread(own, tp * ranks, path) ?? spread(common, tp * ranks, 'parallelism') ?? 1,
    redundant_experts: own.redundant_experts ?? common.redundant_experts ?? 0,
    expert_imbalance: own.expert_imbalance ?? common.expert_imbalance ?? 1,
    all_to_all_backend:
      own.all_to_all_backend ?? common.all_to_all_backend ?? 'allgather_reducescatter',
  }
}

/** Devices of one replica. */
export function devicesOf(sizes: ResolvedParallelism): number {
  return (
    sizes.tensor_parallel_size *
    sizes.pipeline_parallel_size *
    sizes.context_parallel_size *
    sizes.attention_data_parallel_size
  )
}

/** What multiplies to the devices of one replica, in words: `tp x pp`, or more. */
export function devicesInWords(sizes: ResolvedParallelism): string {
  const parts = ['tp']
  if (sizes.context_parallel_size > 1) parts.push('cp')
  if (sizes.attention_data_parallel_size > 1) parts.push('attention-dp')
  return [...parts, 'pp'].join(' x ')
}

/** The devices that a section spreads experts over; undefined where it does not say. */
function spread(
  { enable_expert_parallel: enabled, expert_parallel_size: size }: Given,
  devices: number,
  path: string,
): number | undefined {
  const contradicts = enabled === true ? size !== devices : (size ?? 1) > 1
  if (enabled !== undefined && size !== undefined && contradicts)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: `${path}.enable_expert_parallel`,
      message: `says otherwise than an expert_parallel_size of ${size}`,
      given: enabled,
      accepted: enabled ? `an expert_parallel_size of ${devices}, or none` : 'true, or none',
    })
  if (enabled === undefined) return size
  return enabled ? devices : 1
}
