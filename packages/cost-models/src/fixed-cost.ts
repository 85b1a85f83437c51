import type {
  CostModel,
  CostModelFactory,
  CostModelOptions,
  OperatorCost,
  StepCost,
  StepWork,
} from '@llmsim/contracts'
import { readNumber, unknownOption } from './option-values.js'

/** A cost that is linear in the work; all in seconds, all at least 0. */
export interface FixedCostOptions {
  /** `fixed` when absent. */
  readonly name?: string
  readonly secondsPerStep: number
  /** Per new prompt token. */
  readonly secondsPerPrefillToken?: number
  /** Per sequence that decodes. */
  readonly secondsPerDecode?: number
  /** Per token in the context of a decoding sequence. */
  readonly secondsPerContextToken?: number
}

/**
 * A step of a stated length: for tests, for queueing theory (a step of constant length is a
 * deterministic server), and for engines of which little more is known. A step without work takes 0.
 */
export function fixedCost(options: FixedCostOptions): CostModel {
  const {
    name = 'fixed',
    secondsPerStep,
    secondsPerPrefillToken = 0,
    secondsPerDecode = 0,
    secondsPerContextToken = 0,
  } = options
  return {
    name,
    step(work: StepWork, into: StepCost): void {
      const { prefillTokens, decodes, decodeContext } = work
      const works = prefillTokens + decodes + work.logits > 0
      into.seconds =
        (works ? secondsPerStep : 0) +
        secondsPerPrefillToken * prefillTokens +
        secondsPerDecode * decodes +
        secondsPerContextToken * decodeContext
      into.growth = prefillTokens > 0 ? 0 : secondsPerContextToken * decodes
      into.horizon = prefillTokens > 0 ? 1 : Infinity
    },
    breakdown(work: StepWork): OperatorCost[] {
      const works = work.prefillTokens + work.decodes + work.logits > 0
      const parts: readonly (readonly [string, number])[] = [
        ['step', works ? secondsPerStep : 0],
        ['prefill', secondsPerPrefillToken * work.prefillTokens],
        ['decode', secondsPerDecode * work.decodes],
        ['context', secondsPerContextToken * work.decodeContext],
      ]
      return parts
        .filter(([, seconds]) => seconds > 0)
        .map(([part, seconds]) => ({
          name: part,
          seconds,
          flop: 0,
          bytes: 0,
          sentBytes: 0,
          bound: 'overhead',
        }))
    },
  }
}

/** The names that `cost_model.options` takes with the cost model `fixed`, and their unit in seconds. */
const known: Readonly<Record<string, { field: keyof FixedCostOptions; scale: number }>> = {
  step_ms: { field: 'secondsPerStep', scale: 1e-3 },
  prefill_token_us: { field: 'secondsPerPrefillToken', scale: 1e-6 },
  decode_us: { field: 'secondsPerDecode', scale: 1e-6 },
  context_token_ns: { field: 'secondsPerContextToken', scale: 1e-9 },
}

/**
 * `fixed`: `step_ms` per step, and per unit of work `prefill_token_us`, `decode_us`,
 * `context_token_ns`; `step_ms` is 1 when absent, the others 0.
 * `create` throws a `SimulatorError` for unknown or invalid options.
 */
export const fixedCostModel: CostModelFactory = {
  name: 'fixed',
  description: 'A stated time per step, prompt token, decoding sequence and context token.',
  create({ extra }: CostModelOptions): CostModel {
    const values: Partial<Record<keyof FixedCostOptions, number>> = {}
    for (const [name, value] of Object.entries(extra)) {
      if (value === undefined) continue
      const option = Object.hasOwn(known, name) ? known[name] : undefined
      if (option === undefined) throw unknownOption(name, Object.keys(known))
      values[option.field] = readNumber(name, value, 'size') * option.scale
    }
    const { secondsPerStep = 1e-3, secondsPerPrefillToken = 0 } = values
    const { secondsPerDecode = 0, secondsPerContextToken = 0 } = values
    return fixedCost({
      secondsPerStep,
      secondsPerPrefillToken,
      secondsPerDecode,
      secondsPerContextToken,
    })
  },
}
