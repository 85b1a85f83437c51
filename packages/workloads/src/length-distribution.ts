import { type lengthDistributions, SimulatorError } from '@llmsim/contracts'
import {
  drawNormal,
  portableExp,
  portableLog,
  type RandomStream,
  zipfSampler,
} from '@llmsim/engine'
import { zipfExponent } from './zipf-exponent.js'

/** The largest prompt or output in tokens, as in a scenario. */
export const tokenLimit = 10_000_000

/** How many tokens a prompt or an output has. */
export interface LengthDistribution {
  /**
   * - `fixed`: always the mean.
   * - `uniform`: every integer of a range equally often: the one with the given standard deviation,
   *   or 1 to 2 mean - 1 without one.
   * - `normal`, `lognormal`: std is mean / 2 when absent.
   * - `zipf`: k from 1 to `max` with a probability proportional to k^-s, where s is the exponent
   *   that gives the mean; `max` is 20 times the mean when absent.
   */
  readonly distribution: (typeof lengthDistributions)[number]
  /** Tokens, before rounding and cutting; at least 1. */
  readonly mean: number
  /** Standard deviation in tokens, before rounding and cutting. */
  readonly std?: number | undefined
  /** Draws below are raised to it; 1 when absent. */
  readonly min?: number | undefined
  /** Draws above are cut to it; 10,000,000 when absent. */
  readonly max?: number | undefined
}

/** The paths that errors name, and what is counted there. */
export interface LengthFields {
  readonly mean: string
  readonly std: string
  readonly max: string
  /** `min` when absent. */
  readonly min?: string
  /** `bins` when absent. */
  readonly bins?: string
  /** `tokens` when absent. */
  readonly counted?: string
}

/** Where the parameters of a section of lengths are that stands at `path`. */
export function lengthFields(path: string, counted = 'tokens'): LengthFields {
  const at = (name: string): string => `${path}.${name}`
  return {
    mean: at('mean'),
    std: at('std'),
    max: at('max'),
    min: at('min'),
    bins: at('bins'),
    counted,
  }
}

/** Where a scenario has the parameters of the prompt length. */
export const inputLengthFields: LengthFields = {
  mean: 'workload.avg_input_length',
  std: 'workload.input_length_std',
  max: 'workload.max_input_length',
}

/** Where a scenario has the parameters of the output length. */
export const outputLengthFields: LengthFields = {
  mean: 'workload.avg_output_length',
  std: 'workload.output_length_std',
  max: 'workload.max_output_length',
}

const plainFields: LengthFields = { mean: 'mean', std: 'std', max: 'max' }

/**
 * Draws integer token counts. A draw is rounded to the nearest integer and then cut to `min` and
 * `max`, so that a wide distribution loses its tails and its mean moves with them.
 *
 * @param fields the paths that errors name.
 * @throws SimulatorError INVALID_VALUE for a parameter out of range, CONFLICT for parameters that
 * contradict each other: `min` or the mean above `max`, a standard deviation of a distribution that
 * has none to choose, a zipf mean above the middle of its range.
 */
export function lengthSampler(
  lengths: LengthDistribution,
  stream: RandomStream,
  fields: LengthFields = plainFields,
): () => number {
  check(lengths, fields)
  const { distribution, mean, std, min = 1 } = lengths
  const max = lengths.max ?? tokenLimit
  switch (distribution) {
    case 'fixed': {
      const tokens = cut(mean, min, max)
      return () => tokens
    }
    case 'uniform': {
      // A range of w equally likely integers has a variance of (w^2 - 1) / 12.
      const width = std === undefined ? 2 * mean - 1 : Math.sqrt(12 * std * std + 1)
      const from = mean - width / 2
      return () => cut(from + width * stream.next(), min, max)
    }
    case 'normal': {
      const spread = std ?? mean / 2
      return () => cut(mean + spread * drawNormal(stream), min, max)
    }
    case 'lognormal': {
      const ratio = std === undefined ? 1 / 2 : std / mean
      const variance = portableLog(1 + ratio * ratio)
      const sigma = Math.sqrt(variance)
      const mu = portableLog(mean) - variance / 2
      return () => cut(portableExp(mu + sigma * drawNormal(stream)), min, max)
    }
    case 'zipf': {
      const n = lengths.max ?? Math.max(min, Math.min(Math.ceil(20 * mean), tokenLimit))
      const draw = zipfSampler(stream, n, zipfExponent(n, mean))
      return () => cut(draw(), min, n)
    }
  }
}

/** Rounds to the nearest integer, within the limits. */
function cut(tokens: number, min: number, max: number): number {
  if (!(tokens < max)) return max
  const rounded = Math.floor(tokens + 0.5)
  return rounded < min ? min : rounded
}

function check(lengths: LengthDistribution, fields: LengthFields): void {
  const { distribution, mean, std, min = 1, max } = lengths
  const { counted = 'tokens' } = fields
  const names: readonly string[] = ['fixed', 'uniform', 'normal', 'lognormal', 'zipf']
  if (!names.includes(distribution))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'workload.length_distribution',
      message: 'is not a length distribution',
      given: distribution,
      accepted: names.join(', '),
    })
  if (!(mean >= 1 && mean <= tokenLimit))
    throw invalid(fields.mean, mean, `a number of ${counted} from 1 to 10,000,000`)
  if (std !== undefined && !(std >= 0 && std <= 1e15))
    throw invalid(fields.std, std, `a number of ${counted} from 0 to 1e15`)
  if (!Number.isInteger(min) || min < 1 || min > tokenLimit)
    throw invalid(fields.min ?? 'min', min, 'an integer from 1 to 10,000,000')
  if (max !== undefined && (!Number.isInteger(max) || max < 1 || max > tokenLimit))
    throw invalid(fields.max, max, 'an integer from 1 to 10,000,000')
  if (max !== undefined && max < min)
    throw conflict(fields.max, 'is below the minimum', max, `at least ${min}`)
  if (max !== undefined && mean > max)
    throw conflict(fields.max, `is below ${fields.mean}`, max, `at least ${mean}`)
  if (distribution === 'fixed' && std !== undefined && std > 0)
    throw conflict(fields.std, 'a fixed length has no standard deviation', std, 'none, or 0')
  if (distribution === 'zipf' && std !== undefined)
    throw conflict(fields.std, 'the mean alone decides a zipf distribution', std, 'none')
  if (distribution === 'zipf' && max !== undefined && mean > (max + 1) / 2)
    throw conflict(
      fields.mean,
      `a zipf distribution up to ${max} leans to small values`,
      mean,
      `at most ${(max + 1) / 2}, or a larger ${fields.max}`,
    )
}

function invalid(path: string, given: unknown, accepted: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message: 'is out of range',
    given,
    accepted,
  })
}

function conflict(path: string, message: string, given: number, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'CONFLICT', path, message, given, accepted })
}
