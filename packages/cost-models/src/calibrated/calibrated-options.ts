import { SimulatorError, type CostModelOptions } from '@llmsim/contracts'
import { readNumber, unknownOption } from '../option-values.js'

/** What `cost_model.options` takes with the cost model `calibrated`. */
export interface CalibratedOptions {
  /** Seconds that replace those of the engine profile, per step and per sequence. */
  readonly stepSeconds: number | undefined
  readonly sequenceSeconds: number | undefined
}

const names = ['step_overhead_us', 'sequence_overhead_us']

/** What is said of the layout, which the memory and the other cost models read too. */
const ofLayout: ReadonlyMap<string, string> = new Map([
  ['expert_imbalance', 'parallelism.expert_imbalance (--expert-imbalance)'],
  [
    'expert_parallel_size',
    'parallelism.expert_parallel_size (--ep), with parallelism.attention_data_parallel_size (--attention-dp)',
  ],
  ['all_to_all_backend', 'parallelism.all_to_all_backend (--all-to-all-backend)'],
])

/**
 * Reads `cost_model.options`.
 *
 * @throws SimulatorError `UNKNOWN_FIELD` for a name that is no option, `INVALID_VALUE` for a value that
 *   it does not take.
 */
export function calibratedOptions({ extra }: CostModelOptions): CalibratedOptions {
  for (const [name, value] of Object.entries(extra)) {
    if (value === undefined || names.includes(name)) continue
    throw layoutOption(name) ?? unknownOption(name, names)
  }
  const seconds = (name: string): number | undefined =>
    extra[name] === undefined ? undefined : readNumber(name, extra[name], 'size') * 1e-6
  return {
    stepSeconds: seconds('step_overhead_us'),
    sequenceSeconds: seconds('sequence_overhead_us'),
  }
}

function layoutOption(name: string): SimulatorError | undefined {
  const accepted = ofLayout.get(name)
  if (accepted === undefined) return undefined
  return new SimulatorError({
    code: 'UNKNOWN_FIELD',
    path: `cost_model.options.${name}`,
    message: 'is no option of this cost model, but a part of how a replica is laid out',
    accepted,
  })
}
