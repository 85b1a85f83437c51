import type { PoolSpec, RunObserver, SimulationSpec, TimeSeries } from '@llmsim/contracts'
import { observers, type SeriesPool, TimeSeriesRecorder } from '@llmsim/metrics'

/** What `run` shall record beyond the figures. */
export interface ObservationOptions {
  /** Puts the run over time into the results. */
  readonly timeSeries?: boolean
}

/** What watches one run. */
export interface RunObservation {
  readonly observer: RunObserver | undefined
  /** What it adds to the results: the run over time, where it was asked for. */
  sections(): { readonly time_series?: TimeSeries }
}

/** Makes what watches a run; nothing where nothing is asked for. */
export function observationOf(options: ObservationOptions, spec: SimulationSpec): RunObservation {
  const recorder =
    options.timeSeries === true ? new TimeSeriesRecorder(spec.pools.map(seriesPool)) : undefined
  return {
    observer: observers(recorder === undefined ? [] : [recorder]),
    sections: () => (recorder === undefined ? {} : { time_series: recorder.series() }),
  }
}

/** Each attention rank counts as a replica. */
function seriesPool({ name, replicas, attentionRanks = 1 }: PoolSpec): SeriesPool {
  return { name, replicas: replicas * attentionRanks }
}
