import { SimulatorError, type RequestSource, type SimulationSpec } from '@llmsim/contracts'
import { syntheticSource, type LengthDistribution } from '@llmsim/workloads'
import type { MeasuredPoint } from './measured-point.js'

/** What a benchmark sends, as the simulator takes it. */
export type PointTraffic = Pick<SimulationSpec, 'concurrency' | 'maxRequests' | 'source'>

/** Requests that a benchmark sends where it does not say. */
const usualRequests = { offline: 3000, open: 1000, perUser: 10 } as const

/** Requests that are simulated at most, and users' turns: more change no figure by a percent. */
const most = { requests: 6000, turns: 10 } as const

/** Every run draws from the same streams. */
const SEED = 1

/**
 * The requests of a measurement.
 *
 * Throws `SimulatorError` `INVALID_VALUE` where the measurement does not say what was sent.
 */
export function trafficOf(
  point: MeasuredPoint,
  unstated: 'fixed' | 'varied' = 'fixed',
): PointTraffic {
  const { scenario, replicas } = point
  const input = lengths(point, 'input_len', unstated)
  const output = lengths(point, 'output_len', unstated)
  const source = (ratePerSecond?: number): RequestSource =>
    syntheticSource({
      arrivals: ratePerSecond === undefined ? undefined : { process: 'poisson', ratePerSecond },
      input,
      output,
      seed: SEED,
    })
  switch (scenario) {
    case 'static':
      return { source: source(), maxRequests: need(point, 'batch') }
    case 'offline': {
      const requests = Math.min(
        point.num_requests ?? usualRequests.offline * replicas,
        most.requests * replicas,
      )
      return { source: source(), maxRequests: requests }
    }
    case 'closed': {
      const users = need(point, 'concurrency')
      const sent = point.num_requests ?? usualRequests.perUser * users
      const requests = Math.min(sent, most.turns * users)
      return {
        source: source(),
        concurrency: Math.min(users, requests),
        maxRequests: requests,
      }
    }
    case 'open': {
      const requests = Math.min(
        point.num_requests ?? usualRequests.open * replicas,
        most.requests * replicas,
      )
      return { source: source(need(point, 'request_rate')), maxRequests: requests }
    }
  }
}

/** Tokens of the longest request, prompt and output; the mean where lengths vary. */
export function nominalTokens(point: MeasuredPoint): { input: number; output: number } {
  return {
    input: Math.ceil(need(point, 'input_len')),
    output: Math.ceil(need(point, 'output_len')),
  }
}

function lengths(
  point: MeasuredPoint,
  column: 'input_len' | 'output_len',
  unstated: 'fixed' | 'varied',
): LengthDistribution {
  const nominal = need(point, column)
  const { length_range_ratio: ratio } = point
  if (ratio === 1) return { distribution: 'fixed', mean: nominal }
  if (ratio === undefined) return variable(point, nominal, unstated)
  const high = Math.round(nominal)
  const low = Math.max(1, Math.ceil(nominal * ratio))
  const width = high - low + 1
  return {
    distribution: 'uniform',
    mean: (low + high) / 2,
    std: Math.sqrt((width * width - 1) / 12),
  }
}

/** How much lengths vary in a closed loop of which that alone is known, in shares of their mean. */
const SPREAD = 0.1

/** Clients of closed loops and static batches repeat one length; elsewhere they are conversations. */
function variable(
  { scenario }: MeasuredPoint,
  mean: number,
  unstated: 'fixed' | 'varied',
): LengthDistribution {
  if (scenario === 'closed' && unstated === 'varied' && mean >= 10)
    return { distribution: 'uniform', mean, std: SPREAD * mean }
  const alike = scenario === 'static' || scenario === 'closed' || mean < 2
  return { distribution: alike ? 'fixed' : 'lognormal', mean }
}

function need(
  point: MeasuredPoint,
  column: 'batch' | 'concurrency' | 'input_len' | 'output_len' | 'request_rate',
): number {
  const value = point[column]
  if (value !== undefined) return value
  throw new SimulatorError({ code: 'INVALID_VALUE', path: column, message: 'is not stated' })
}
