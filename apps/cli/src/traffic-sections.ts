import type {
  JointLengthsSection,
  LengthsSection,
  LoadSection,
  WorkloadSection,
} from '@llmsim/contracts'
import type { ArrivalProcess, JointLengths, Lengths, LoadShape } from '@llmsim/workloads'
import { tokenLimit } from '@llmsim/workloads'

/** Where lengths are cut, by their mean: beyond it lies less than a millionth of a log-normal. */
const TAIL = 8

/** What a section of lengths says, as values. */
export function lengthsOf(section: LengthsSection): Lengths {
  if (section.distribution !== 'histogram')
    return {
      ...section,
      distribution: section.distribution ?? 'lognormal',
      max: longestLength(section),
    }
  return {
    distribution: 'histogram',
    bins: section.bins.map(({ tokens, up_to, weight }) => ({ tokens, upTo: up_to, weight })),
  }
}

export function jointOf(section: JointLengthsSection): JointLengths {
  if (section.joint === 'lognormal') return section
  return {
    joint: 'pairs',
    pairs: section.pairs.map(({ input, output, weight }) => ({
      promptTokens: input,
      outputTokens: output,
      weight,
    })),
  }
}

/** When requests arrive; undefined in a closed loop, which decides by itself. */
export function arrivalsOf(workload: WorkloadSection): ArrivalProcess | LoadShape | undefined {
  const { load, arrival_rate, arrival_process = 'poisson', cv } = workload
  if (load !== undefined) return { ...loadOf(load), gaps: { process: arrival_process, cv } }
  return arrival_rate === undefined
    ? undefined
    : { process: arrival_process, ratePerSecond: arrival_rate, cv }
}

function loadOf(load: LoadSection): LoadShape {
  switch (load.shape) {
    case 'steps':
      return {
        shape: 'steps',
        steps: load.steps.map(({ duration_s, rate }) => ({
          seconds: duration_s,
          ratePerSecond: rate,
        })),
        repeat: load.repeat,
      }
    case 'curve':
      return {
        shape: 'curve',
        points: load.points.map(({ at_s, rate }) => ({ atSeconds: at_s, ratePerSecond: rate })),
        periodSeconds: load.period_s,
      }
    case 'diurnal':
      return {
        shape: 'diurnal',
        meanRatePerSecond: load.mean_rate,
        amplitude: load.amplitude,
        periodSeconds: load.period_s,
        peakAtSeconds: load.peak_at_s,
      }
    case 'markov':
      return {
        shape: 'markov',
        states: load.states.map(({ rate, mean_duration_s }) => ({
          ratePerSecond: rate,
          meanSeconds: mean_duration_s,
        })),
      }
  }
}

/** The most tokens that a section can give. */
export function longestLength(section: LengthsSection): number {
  if (section.distribution !== 'histogram')
    return (
      section.max ??
      Math.min(tokenLimit, Math.max(section.min ?? 1, Math.ceil(TAIL * section.mean)))
    )
  return Math.max(...section.bins.map(({ tokens, up_to = tokens }) => up_to))
}

/** The mean of a section, before lengths are cut. */
export function meanLength(section: LengthsSection): number {
  if (section.distribution !== 'histogram') return section.mean
  const weights = section.bins.reduce((sum, { weight }) => sum + weight, 0)
  return section.bins.reduce(
    (sum, { tokens, up_to = tokens, weight }) => sum + (weight / weights) * ((tokens + up_to) / 2),
    0,
  )
}

/** The most tokens of prompt and output together. */
export function longestJoint(section: JointLengthsSection): number {
  if (section.joint === 'pairs')
    return Math.max(...section.pairs.map(({ input, output }) => input + output))
  return (section.input.max ?? tokenLimit) + (section.output.max ?? tokenLimit)
}
