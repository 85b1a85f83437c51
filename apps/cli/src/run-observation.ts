import type { PoolSpec, RunObserver, SimulationSpec } from '@llmsim/contracts'
import { observers, type SeriesPool, TimeSeriesRecorder } from '@llmsim/metrics'
import type { Deployment } from './deployment.js'
import { MeanSteps, memoryBreakdown } from './mean-steps.js'
import type { ResultsSections } from './output/results-document.js'

/** What `run` shall record beyond the figures. */
export interface ObservationOptions {
  /** Puts the run over time, and its steps and memory taken apart, into the results. */
  readonly timeSeries?: boolean
  /** Asks for the same, to show it. */
  readonly report?: string
}

/** What watches one run. */
export interface RunObservation {
  readonly observer: RunObserver | undefined
  /** What it adds to the results, where it was asked for. */
  sections(): ResultsSections
}

/** Makes what watches a run; nothing where nothing is asked for. */
export function observationOf(
  options: ObservationOptions,
  spec: SimulationSpec,
  deployment: Deployment,
): RunObservation {
  if (options.timeSeries !== true && options.report === undefined)
    return { observer: undefined, sections: () => ({}) }
  const recorder = new TimeSeriesRecorder(spec.pools.map(seriesPool))
  const steps = new MeanSteps(deployment)
  return {
    observer: observers([recorder, steps]),
    sections: () => ({
      time_series: recorder.series(),
      operators: steps.figures(),
      memory_breakdown: memoryBreakdown(deployment),
    }),
  }
}

/** Each attention rank counts as a replica. */
function seriesPool({ name, replicas, attentionRanks = 1 }: PoolSpec): SeriesPool {
  return { name, replicas: replicas * attentionRanks }
}
