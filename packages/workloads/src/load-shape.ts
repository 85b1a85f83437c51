import { SimulatorError } from '@llmsim/contracts'
import { drawExponential, type RandomStream } from '@llmsim/engine'
import { type GapShape, unitGaps } from './gap-shape.js'
import { LoadClock, type LoadSegment } from './load-clock.js'

interface Gaps {
  /** How gaps scatter: as Poisson's when absent. */
  readonly gaps?: GapShape | undefined
}

/** One rate after the other; the last one stays, or all come again. */
export interface StepLoad extends Gaps {
  readonly shape: 'steps'
  readonly steps: readonly { readonly seconds: number; readonly ratePerSecond: number }[]
  readonly repeat?: boolean | undefined
}

/** Straight lines between points, as a ramp; the last rate stays, or the curve repeats. */
export interface CurveLoad extends Gaps {
  readonly shape: 'curve'
  /** In time order; the first one's rate holds from 0 on. */
  readonly points: readonly { readonly atSeconds: number; readonly ratePerSecond: number }[]
  /** When the curve starts again; not before the last point. */
  readonly periodSeconds?: number | undefined
}

/** A day: a cosine about a mean. */
export interface DiurnalLoad extends Gaps {
  readonly shape: 'diurnal'
  readonly meanRatePerSecond: number
  /** Peak by mean, less 1: from 0 to 1. */
  readonly amplitude: number
  /** 86,400 when absent. */
  readonly periodSeconds?: number | undefined
  /** Seconds from the start to the first peak; half a period when absent. */
  readonly peakAtSeconds?: number | undefined
}

/**
 * A Markov-modulated process: states last for exponential times, and any other state follows with
 * the same probability. Two states, one of a high rate, are bursts.
 */
export interface MarkovLoad extends Gaps {
  readonly shape: 'markov'
  readonly states: readonly { readonly ratePerSecond: number; readonly meanSeconds: number }[]
}

/** A rate of requests that changes with time. */
export type LoadShape = StepLoad | CurveLoad | DiurnalLoad | MarkovLoad

/** Straight lines that a period of a day is drawn with. */
const linesPerPeriod = 48
/** Cosine and sine of a 48th of a turn. */
const cosStep = 0.9914448613738104
const sinStep = 0.13052619222005157

/**
 * The arrival times of a load, one after the other; Infinity when no more come.
 *
 * @param gapStream draws the gaps.
 * @param stateStream draws how long states last and which one follows.
 * @throws SimulatorError INVALID_VALUE for a rate or time out of range.
 */
export function loadClock(
  load: LoadShape,
  gapStream: RandomStream,
  stateStream: RandomStream,
): LoadClock {
  const gaps = unitGaps(load.gaps ?? { process: 'poisson' }, gapStream)
  return new LoadClock(segmentsOf(load, stateStream), gaps)
}

function segmentsOf(load: LoadShape, stream: RandomStream): () => LoadSegment | undefined {
  switch (load.shape) {
    case 'steps':
      return repeated(stepSegments(load), load.repeat === true)
    case 'curve':
      return repeated(curveSegments(load), load.periodSeconds !== undefined)
    case 'diurnal':
      return repeated(diurnalSegments(load), true)
    case 'markov':
      return markovSegments(load, stream)
    default:
      throw invalid('shape', (load as { shape: unknown }).shape, 'steps, curve, diurnal or markov')
  }
}

function repeated(segments: readonly LoadSegment[], again: boolean): () => LoadSegment | undefined {
  let index = 0
  return () => {
    if (again && index >= segments.length) index = 0
    return segments[index++]
  }
}

function stepSegments({ steps, repeat }: StepLoad): LoadSegment[] {
  if (steps.length === 0) throw invalid('steps', 0, 'at least one step')
  return steps.map(({ seconds, ratePerSecond }, index) => {
    checkRate(`steps[${index}].ratePerSecond`, ratePerSecond)
    checkSeconds(`steps[${index}].seconds`, seconds)
    const last = index === steps.length - 1 && repeat !== true
    return { seconds: last ? Infinity : seconds, from: ratePerSecond, to: ratePerSecond }
  })
}

function curveSegments({ points, periodSeconds }: CurveLoad): LoadSegment[] {
  if (points.length === 0) throw invalid('points', 0, 'at least one point')
  const segments: LoadSegment[] = []
  let at = 0
  let rate = points[0]!.ratePerSecond
  for (const [index, point] of points.entries()) {
    checkRate(`points[${index}].ratePerSecond`, point.ratePerSecond)
    if (!(point.atSeconds >= at && point.atSeconds <= 1e15))
      throw invalid(`points[${index}].atSeconds`, point.atSeconds, `seconds from ${at} up`)
    segments.push({ seconds: point.atSeconds - at, from: rate, to: point.ratePerSecond })
    at = point.atSeconds
    rate = point.ratePerSecond
  }
  if (
    periodSeconds !== undefined &&
    !(periodSeconds >= at && periodSeconds <= 1e15 && periodSeconds > 0)
  )
    throw invalid('periodSeconds', periodSeconds, `seconds from ${at} up`)
  const left = periodSeconds === undefined ? Infinity : periodSeconds - at
  segments.push({ seconds: left, from: rate, to: rate })
  return segments
}

function diurnalSegments(load: DiurnalLoad): LoadSegment[] {
  const { meanRatePerSecond: mean, amplitude, periodSeconds = 86_400 } = load
  checkRate('meanRatePerSecond', mean)
  checkSeconds('periodSeconds', periodSeconds)
  if (!(amplitude >= 0 && amplitude <= 1)) throw invalid('amplitude', amplitude, 'from 0 to 1')
  const peak = load.peakAtSeconds ?? periodSeconds / 2
  if (!(peak >= 0 && peak <= periodSeconds))
    throw invalid('peakAtSeconds', peak, `from 0 to ${periodSeconds}`)
  const step = periodSeconds / linesPerPeriod
  // The rate k steps after the peak.
  const rates: number[] = []
  let cosine = 1
  let sine = 0
  for (let k = 0; k < linesPerPeriod; k++) {
    rates.push(Math.max(0, mean * (1 + amplitude * cosine)))
    const turned = cosine * cosStep - sine * sinStep
    sine = sine * cosStep + cosine * sinStep
    cosine = turned
  }
  const first = Math.round((periodSeconds - peak) / step)
  return rates.map((_, k) => ({
    seconds: step,
    from: rates[(first + k) % linesPerPeriod]!,
    to: rates[(first + k + 1) % linesPerPeriod]!,
  }))
}

function markovSegments({ states }: MarkovLoad, stream: RandomStream): () => LoadSegment {
  if (states.length === 0) throw invalid('states', 0, 'at least one state')
  for (const [index, { ratePerSecond, meanSeconds }] of states.entries()) {
    checkRate(`states[${index}].ratePerSecond`, ratePerSecond)
    checkSeconds(`states[${index}].meanSeconds`, meanSeconds)
  }
  let state = -1
  return () => {
    if (state < 0) state = 0
    else if (states.length > 1)
      state = (state + 1 + stream.nextInt(states.length - 1)) % states.length
    const { ratePerSecond, meanSeconds } = states[state]!
    return {
      seconds: drawExponential(stream) * meanSeconds,
      from: ratePerSecond,
      to: ratePerSecond,
    }
  }
}

function checkRate(path: string, rate: number): void {
  if (!(rate >= 0 && rate <= 1e15)) throw invalid(path, rate, 'requests per second from 0 to 1e15')
}

function checkSeconds(path: string, seconds: number): void {
  if (!(seconds > 0 && seconds <= 1e15)) throw invalid(path, seconds, 'seconds above 0')
}

function invalid(field: string, given: unknown, accepted: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path: `arrivals.${field}`,
    message: 'is out of range',
    given,
    accepted,
  })
}
