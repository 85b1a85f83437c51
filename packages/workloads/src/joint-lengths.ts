import { SimulatorError } from '@llmsim/contracts'
import { drawNormal, portableExp, portableLog, type RandomStream } from '@llmsim/engine'
import { weightedPick } from './histogram-lengths.js'
import { tokenLimit } from './length-distribution.js'

/** Prompt and output drawn together. */
export type JointLengths = CorrelatedLengths | PairedLengths

/** Log-normal prompts and outputs, whose logarithms are correlated. */
export interface CorrelatedLengths {
  readonly joint: 'lognormal'
  readonly input: Marginal
  readonly output: Marginal
  /** Of the logarithms: from -1 to 1. */
  readonly correlation: number
}

/** Tokens of one side, before rounding and cutting. */
export interface Marginal {
  readonly mean: number
  readonly std: number
  /** Draws above are cut to it; 10,000,000 when absent. */
  readonly max?: number | undefined
}

/** Pairs as they were seen. */
export interface PairedLengths {
  readonly joint: 'pairs'
  readonly pairs: readonly {
    readonly promptTokens: number
    readonly outputTokens: number
    /** 1 when absent. */
    readonly weight?: number | undefined
  }[]
}

/** What a joint draw fills in. */
export interface LengthPair {
  promptTokens: number
  outputTokens: number
}

/**
 * Draws prompts and outputs together.
 *
 * @param path where the lengths stand, for errors; none when absent.
 * @throws SimulatorError INVALID_VALUE for a parameter out of range.
 */
export function jointSampler(
  lengths: JointLengths,
  stream: RandomStream,
  path?: string,
): (into: LengthPair) => void {
  const at = path === undefined ? '' : `${path}.`
  if (lengths.joint === 'pairs') return pairSampler(lengths, stream, at)
  const { correlation } = lengths
  if (!(correlation >= -1 && correlation <= 1))
    throw invalid(`${at}correlation`, correlation, 'a number from -1 to 1')
  const input = logNormal(lengths.input, `${at}input`)
  const output = logNormal(lengths.output, `${at}output`)
  const rest = Math.sqrt(1 - correlation * correlation)
  return (into) => {
    const z = drawNormal(stream)
    into.promptTokens = input(z)
    into.outputTokens = output(correlation * z + rest * drawNormal(stream))
  }
}

function pairSampler(
  { pairs }: PairedLengths,
  stream: RandomStream,
  at: string,
): (into: LengthPair) => void {
  for (const [index, { promptTokens, outputTokens }] of pairs.entries())
    for (const tokens of [promptTokens, outputTokens])
      if (!Number.isInteger(tokens) || tokens < 1 || tokens > tokenLimit)
        throw invalid(`${at}pairs[${index}]`, tokens, 'an integer from 1 to 10,000,000')
  const pick = weightedPick(
    pairs.map(({ weight = 1 }) => weight),
    stream,
    `${at}pairs`,
  )
  return (into) => {
    const pair = pairs[pick()]!
    into.promptTokens = pair.promptTokens
    into.outputTokens = pair.outputTokens
  }
}

/** Tokens at a standard normal value. */
function logNormal({ mean, std, max = tokenLimit }: Marginal, side: string): (z: number) => number {
  if (!(mean >= 1 && mean <= tokenLimit))
    throw invalid(`${side}.mean`, mean, 'a number of tokens from 1 to 10,000,000')
  if (!(std >= 0 && std <= 1e15)) throw invalid(`${side}.std`, std, 'from 0 to 1e15')
  if (!Number.isInteger(max) || max < 1 || max > tokenLimit)
    throw invalid(`${side}.max`, max, 'an integer from 1 to 10,000,000')
  const ratio = std / mean
  const variance = portableLog(1 + ratio * ratio)
  const sigma = Math.sqrt(variance)
  const mu = portableLog(mean) - variance / 2
  return (z) => Math.min(max, Math.max(1, Math.floor(portableExp(mu + sigma * z) + 0.5)))
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
