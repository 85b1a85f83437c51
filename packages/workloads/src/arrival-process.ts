import { type arrivalProcesses, SimulatorError } from '@llmsim/contracts'
import { drawExponential, gammaSampler, type RandomStream } from '@llmsim/engine'

/** How requests follow each other. */
export interface ArrivalProcess {
  /**
   * - `poisson`: exponential gaps.
   * - `gamma`: gamma-distributed gaps, burstier the larger `cv` is above 1.
   * - `constant`: equal gaps.
   */
  readonly process: (typeof arrivalProcesses)[number]
  /** Requests per second: one by the mean gap. */
  readonly ratePerSecond: number
  /** Standard deviation of a gap by its mean, for `gamma`: up to 100, 1 (poisson) when absent. */
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
  switch (process) {
    case 'constant':
      return () => mean
    case 'poisson':
      return () => drawExponential(stream) * mean
    case 'gamma': {
      const shape = 1 / (cv * cv)
      const draw = gammaSampler(stream, shape)
      const scale = mean / shape
      return () => draw() * scale
    }
  }
}

function check({ process, ratePerSecond, cv }: ArrivalProcess): void {
  const names: readonly string[] = ['poisson', 'gamma', 'constant']
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
  if (process === 'gamma' ? !(cv >= 0.001 && cv <= 100) : !(cv >= 0))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'workload.cv',
      message: 'is out of range',
      given: cv,
      accepted: 'a number from 0.001 to 100',
    })
  const fixed = process === 'poisson' ? 1 : 0
  if (process !== 'gamma' && cv !== fixed)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'workload.cv',
      message: `${process} arrivals have a coefficient of variation of ${fixed}`,
      given: cv,
      accepted: 'none, or workload.arrival_process: gamma',
    })
}
