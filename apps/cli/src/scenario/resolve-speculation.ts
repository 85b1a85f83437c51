import {
  SimulatorError,
  type ErrorCode,
  type Model,
  type SpeculativeSection,
} from '@llmsim/contracts'
import type { FoundEntry, NameOrEntry } from './catalog-entries.js'

/** Speculative decoding with every default filled in. */
export interface ResolvedSpeculation {
  readonly method: NonNullable<SpeculativeSection['method']>
  readonly num_speculative_tokens: number
  readonly acceptance_rate: number | number[]
  readonly draft_model?: NameOrEntry
}

const PATH = 'engine.speculative'

/**
 * Checks what a section of speculative decoding says; undefined where it says nothing.
 *
 * @throws SimulatorError for what is missing, or contradicts the method.
 */
export function resolveSpeculation(
  given: SpeculativeSection | undefined,
  find: (given: NameOrEntry, field: string) => FoundEntry<Model>,
): ResolvedSpeculation | undefined {
  if (given === undefined || Object.values(given).every((value) => value === undefined))
    return undefined
  const { method, num_speculative_tokens: tokens = 1, acceptance_rate: rate, draft_model } = given
  const refuse = (
    field: string,
    message: string,
    accepted: string,
    code: ErrorCode = 'INVALID_VALUE',
    value?: unknown,
  ): never => {
    throw new SimulatorError({ code, path: `${PATH}.${field}`, message, accepted, given: value })
  }
  if (method === undefined)
    return refuse('method', 'is required', 'draft-model, mtp, eagle or ngram')
  if (rate === undefined)
    return refuse('acceptance_rate', 'is required', 'a probability, or one for each drafted token')
  if (Array.isArray(rate) && rate.length !== tokens)
    return refuse(
      'acceptance_rate',
      `has not one probability for each of num_speculative_tokens = ${tokens}`,
      `${tokens} of them, or one number`,
      'CONFLICT',
      rate.length,
    )
  if (method === 'draft-model' && draft_model === undefined)
    return refuse('draft_model', 'is required by the method draft-model', 'a model')
  if (method !== 'draft-model' && draft_model !== undefined)
    return refuse(
      'draft_model',
      `is not used by the method ${method}`,
      'the method draft-model, or none',
      'CONFLICT',
    )
  return {
    method,
    num_speculative_tokens: tokens,
    acceptance_rate: rate,
    ...(draft_model === undefined
      ? {}
      : { draft_model: find(draft_model, `${PATH}.draft_model`).written }),
  }
}

/** Probability of each drafted token, given those before it. */
export function acceptanceOf(speculation: ResolvedSpeculation): number[] {
  const { acceptance_rate: rate, num_speculative_tokens: tokens } = speculation
  return Array.isArray(rate) ? rate : Array.from({ length: tokens }, () => rate)
}
