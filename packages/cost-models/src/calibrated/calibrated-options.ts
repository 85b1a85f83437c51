import { SimulatorError, type CostModelOptions } from '@llmsim/contracts'
import { readNumber, unknownOption } from '../option-values.js'

/** What `cost_model.options` takes with the cost model `calibrated`. */
export interface CalibratedOptions {
  /** Tokens of the fullest device's experts over the average: 1 when balanced. */
  readonly expertImbalance: number
  /** Devices that the experts are spread over, each whole; 0: each expert is split over TP. */
  readonly expertParallel: number
  /** Whose all-to-all moves tokens to their experts: `library` (NCCL) or `expert` (DeepEP). */
  readonly allToAll: 'library' | 'expert'
  /** Seconds that replace those of the engine profile, per step and per sequence. */
  readonly stepSeconds: number | undefined
  readonly sequenceSeconds: number | undefined
}

const names = [
  'expert_imbalance',
  'expert_parallel_size',
  'all_to_all_backend',
  'step_overhead_us',
  'sequence_overhead_us',
]

/**
 * Reads `cost_model.options`.
 *
 * @throws SimulatorError `UNKNOWN_FIELD` for a name that is no option, `INVALID_VALUE` for a value that
 *   it does not take.
 */
export function calibratedOptions(given: CostModelOptions): CalibratedOptions {
  const { extra, model, tensorParallel: tp } = given
  for (const [name, value] of Object.entries(extra))
    if (value !== undefined && !names.includes(name)) throw unknownOption(name, names)
  const number = (name: string): number | undefined =>
    extra[name] === undefined ? undefined : readNumber(name, extra[name], 'size')
  const invalid = (name: string, message: string, accepted: string): SimulatorError =>
    new SimulatorError({
      code: 'INVALID_VALUE',
      path: `cost_model.options.${name}`,
      message,
      given: extra[name],
      accepted,
    })

  const expertImbalance = number('expert_imbalance') ?? 1
  if (expertImbalance < 1)
    throw invalid('expert_imbalance', 'is the fullest device over the average', 'at least 1')
  const expertParallel = number('expert_parallel_size') ?? 0
  const experts = model.ffn.kind === 'moe' ? model.ffn.experts : 0
  if (expertParallel !== 0 && (expertParallel % tp !== 0 || experts % expertParallel !== 0))
    throw invalid(
      'expert_parallel_size',
      `must be a multiple of the ${tp} tensor-parallel devices that divides ${experts} experts`,
      multiples(tp, experts),
    )
  const spread = (given.attentionDataParallel ?? 1) > 1 || (given.expertParallel ?? 1) > 1
  if (expertParallel > 0 && spread)
    throw invalid(
      'expert_parallel_size',
      'the layout spreads the experts already',
      'parallelism.expert_parallel_size alone',
    )
  const allToAll = extra.all_to_all_backend ?? 'library'
  if (allToAll !== 'library' && allToAll !== 'expert')
    throw invalid('all_to_all_backend', 'is a kind of all-to-all', 'library, expert')
  const micro = (name: string): number | undefined => {
    const value = number(name)
    return value === undefined ? undefined : value * 1e-6
  }
  return {
    expertImbalance,
    expertParallel,
    allToAll,
    stepSeconds: micro('step_overhead_us'),
    sequenceSeconds: micro('sequence_overhead_us'),
  }
}

function multiples(tp: number, experts: number): string {
  const sizes: number[] = []
  for (let size = tp; size <= experts; size += tp) if (experts % size === 0) sizes.push(size)
  return sizes.join(', ')
}
