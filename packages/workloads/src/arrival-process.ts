import { type arrivalProcesses, SimulatorError } from '@llmsim/contracts'
import { gammaSampler, randomStream, type RandomStream } from '@llmsim/engine'
import { unitGaps } from './gap-shape.js'
import { loadClock, type LoadShape } from './load-shape.js'

/** How requests follow each other. */
export interface ArrivalProcess {
  /**
   * - `poisson`: exponential gaps.
   * - `gamma`: gamma-distributed gaps, burstier the larger `cv` is above 1.
   * - `weibull`: Weibull-distributed gaps, likewise.
   * - `constant`: equal gaps.
   */
  readonly process: (typeof arrivalProcesses)[number] | 'weibull'
  /** Requests per second: one by the mean gap. */
  readonly ratePerSecond: number
  /** Standard deviation of a gap by its mean, for `gamma` and `weibull`: up to 100, 1 when absent. */
  readonly cv?: number | undefined
}

/**
 * Draws the seconds between a request and the one before.
 *
 * @throws SimulatorError INVALID_VALUE for a parameter out of range, CONFLICT for a coefficient of
 * variation that the process does not have.
 */
export function arrivalSampler(arrivals: ArrivalProcess, stream: RandomStream): () => number {
  check(arrivals)
  const { process, ratePerSecond, cv = 1 } = arrivals
  const mean = 1 / ratePerSecond
  if (process === 'constant') return () => mean
  if (process === 'gamma') {
    const shape = 1 / (cv * cv)
    const draw = gammaSampler(stream, shape)
    const scale = mean / shape
    return () => draw() * scale
  }
  const draw = unitGaps({ process, cv }, stream, 'workload.cv')
  return () => draw() * mean
}

/**
 * The arrival times of a process or of a load that changes, one after the other, from the streams
 * `arrivals` and `load-states` of a seed; Infinity when no more come.
 *
 * @throws SimulatorError INVALID_VALUE or CONFLICT for a parameter out of range.
 */
export function arrivalTimes(arrivals: ArrivalProcess | LoadShape, seed: number): () => number {
  const stream = randomStream(seed, 'arrivals')
  if ('shape' in arrivals) {
    const clock = loadClock(arrivals, stream, randomStream(seed, 'load-states'))
    return () => clock.next()
  }
  return runningSum(arrivalSampler(arrivals, stream))
}

/** Sums gaps without losing what rounding takes from each (Kahan's summation). */
export function runningSum(gap: () => number): () => number {
  let sum = 0
  let lost = 0
  return () => {
    const step = gap() - lost
    // Where the gap is below the rounding error, the sum alone could step back.
    const next = Math.max(sum + step, sum)
    lost = next - sum - step
    sum = next
    return next
  }
}

function check({ process, ratePerSecond, cv }: ArrivalProcess): void {
  const names: readonly string[] = ['poisson', 'gamma', 'weibull', 'constant']
  if (!names.includes(process))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'workload.arrival_process',
      message: 'is not an arrival process',
      given: process,
      accepted: names.join(', '),
    })
  if (!(ratePerSecond >= 1e-15 && ratePerSecond <= 1e15))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'workload.arrival_rate',
      message: 'is out of range',
      given: ratePerSecond,
      accepted: 'requests per second from 1e-15 to 1e15',
    })
  if (cv === undefined) return
  const scatters = process === 'gamma' || process === 'weibull'
  const least = process === 'weibull' ? 0.01 : 0.001
  if (scatters ? !(cv >= least && cv <= 100) : !(cv >= 0))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'workload.cv',
      message: 'is out of range',
      given: cv,
      accepted: `a number from ${least} to 100`,
    })
  const fixed = process === 'poisson' ? 1 : 0
  if (!scatters && cv !== fixed)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'workload.cv',
      message: `${process} arrivals have a coefficient of variation of ${fixed}`,
      given: cv,
      accepted: 'none, or workload.arrival_process: gamma',
    })
}
