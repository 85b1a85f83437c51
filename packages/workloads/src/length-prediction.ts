import { type RequestSource, SimulatorError } from '@llmsim/contracts'
import { drawNormal, portableExp, portableLog, randomStream } from '@llmsim/engine'
import { changedSource } from './changed-source.js'

export interface LengthPrediction {
  /** Standard deviation of the predicted length over the true one; 0: every prediction is right. */
  readonly relativeError: number
  /** An integer of at most 2^53 - 1 in size. */
  readonly seed: number
}

/**
 * The same requests, each with a predicted output length: the true one times a log-normal factor of mean 1
 * and the given standard deviation, drawn from the stream `length-prediction` of the seed, rounded, and at
 * least 1.
 *
 * @throws SimulatorError INVALID_VALUE for an error that is no number from 0 to 100.
 */
export function predictedSource(
  source: RequestSource,
  { relativeError, seed }: LengthPrediction,
): RequestSource {
  if (!(relativeError >= 0 && relativeError <= 100))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'workload.output_prediction_error',
      message: 'is not a relative error',
      given: relativeError,
      accepted: 'a number from 0 to 100',
    })
  // A log-normal factor with the variance s^2 of its logarithm has a relative variance of e^(s^2) - 1.
  const variance = portableLog(1 + relativeError * relativeError)
  const deviation = Math.sqrt(variance)
  const stream = randomStream(seed, 'length-prediction')
  return changedSource(source, (into) => {
    const factor = portableExp(deviation * drawNormal(stream) - variance / 2)
    const { outputTokens, maxOutputTokens = 0 } = into
    const length = maxOutputTokens > 0 ? Math.min(outputTokens, maxOutputTokens) : outputTokens
    const predicted = Math.round(length * factor)
    into.predictedOutputTokens = Math.min(0x7fffffff, Math.max(1, predicted))
  })
}

/** The same requests, each of which its client allows so many tokens at most, or fewer where it says so. */
export function limitedSource(source: RequestSource, maxOutputTokens: number): RequestSource {
  return changedSource(source, (into) => {
    const { maxOutputTokens: own = 0 } = into
    into.maxOutputTokens = own > 0 ? Math.min(own, maxOutputTokens) : maxOutputTokens
  })
}
