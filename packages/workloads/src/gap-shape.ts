import { SimulatorError } from '@llmsim/contracts'
import {
  drawExponential,
  gammaSampler,
  portableExp,
  portablePow,
  type RandomStream,
} from '@llmsim/engine'
import { gammaFunction, logGamma } from './gamma-function.js'

/** How gaps scatter about their mean: by the coefficient of variation, 1 when absent. */
export interface GapShape {
  /**
   * - `poisson`: exponential gaps.
   * - `gamma`, `weibull`: burstier the larger `cv` is above 1, more even the smaller below.
   * - `constant`: equal gaps.
   */
  readonly process: 'poisson' | 'gamma' | 'weibull' | 'constant'
  /** For `gamma` from 0.001, for `weibull` from 0.01, to 100. */
  readonly cv?: number | undefined
}

/**
 * Draws gaps with a mean of 1.
 *
 * @param path the field that an error names.
 * @throws SimulatorError INVALID_VALUE for a cv out of range.
 */
export function unitGaps(
  { process, cv = 1 }: GapShape,
  stream: RandomStream,
  path = 'gaps.cv',
): () => number {
  if (process === 'constant') return () => 1
  if (process === 'poisson') return () => drawExponential(stream)
  const least = process === 'weibull' ? 0.01 : 0.001
  if (!(cv >= least && cv <= 100))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path,
      message: 'is out of range',
      given: cv,
      accepted: `a number from ${least} to 100`,
    })
  return process === 'gamma'
    ? unitGamma(stream, 1 / (cv * cv))
    : unitWeibull(stream, weibullShape(cv))
}

/** Draws from the gamma distribution of a shape, with a mean of 1. */
export function unitGamma(stream: RandomStream, shape: number): () => number {
  const draw = gammaSampler(stream, shape)
  return () => draw() / shape
}

/** Draws from the Weibull distribution of a shape, with a mean of 1: a power of an exponential. */
export function unitWeibull(stream: RandomStream, shape: number): () => number {
  const scale = portableExp(-logGamma(1 + 1 / shape))
  return () => portablePow(drawExponential(stream), 1 / shape) * scale
}

/** The shape of the Weibull distribution with a coefficient of variation, found by bisection. */
export function weibullShape(cv: number): number {
  let low = 0.05
  let high = 200
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    if (weibullCv(middle) > cv) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Standard deviation by mean, from the first two moments. */
function weibullCv(shape: number): number {
  const first = gammaFunction(1 + 1 / shape)
  return Math.sqrt(Math.max(0, gammaFunction(1 + 2 / shape) / (first * first) - 1))
}
