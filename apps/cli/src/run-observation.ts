import type { PoolSpec, RunObserver, SimulationSpec, TimeSeries } from '@llmsim/contracts'
import { observers, type SeriesPool, TimeSeriesRecorder } from '@llmsim/metrics'
import type { Deployment } from './deployment.js'
import { MeanSteps, memoryBreakdown } from './mean-steps.js'
import { ChromeTrace } from './output/chrome-trace.js'
import type { ResultsSections } from './output/results-document.js'
import { requestColumns } from './output/request-records.js'
import { StreamedFile } from './output/streamed-file.js'
import { tableFile, tableFormat } from './output/table-file.js'
import { timeSeriesColumns } from './output/time-series-rows.js'
import { fileTarget, type FileTarget } from './output/write-file.js'
import type { InputFile } from './scenario/input-files.js'
import { refuseInputAsOutput } from './scenario/input-files.js'

/** What `run` shall record beyond the figures. */
export interface ObservationOptions {
  /** Puts the run over time, and its steps and memory taken apart, into the results. */
  readonly timeSeries?: boolean
  /** Asks for the same, to show it. */
  readonly report?: string
  /** Files to write: the requests one by one, the run over time, and the steps. */
  readonly requestsOutput?: string
  readonly timeseriesOutput?: string
  readonly chromeTrace?: string
}

/** The files of {@link ObservationOptions}, checked to be writable. */
export interface ObservationTargets {
  readonly requests: FileTarget | undefined
  readonly timeSeries: FileTarget | undefined
  readonly chromeTrace: FileTarget | undefined
}

/** What watches one run. */
export interface RunObservation {
  readonly observer: RunObserver | undefined
  /** What it adds to the results, where it was asked for. */
  sections(): ResultsSections
  /** The run over time, where it was recorded. */
  series(): TimeSeries | undefined
  /** Ends the files, and says which there are. */
  commit(): Promise<string[]>
  /** Takes the files back. */
  abort(): void
}

/** The run that is watched. */
export interface ObservedRun {
  readonly spec: SimulationSpec
  readonly deployment: Deployment
  /** Whether a table shall show the run over time. */
  readonly table: boolean
}

const requestsFlag = '--requests-output'
const timeSeriesFlag = '--timeseries-output'
const traceFlag = '--chrome-trace'

/** Checks the files before anything runs. Throws `SimulatorError` at the flag. */
export function observationTargets(
  options: ObservationOptions,
  cwd: string,
  inputs: readonly InputFile[],
): ObservationTargets {
  const target = (name: string | undefined, flag: string): FileTarget | undefined => {
    if (name === undefined) return undefined
    if (flag !== traceFlag) tableFormat(name, flag)
    const made = fileTarget(name, cwd, flag)
    refuseInputAsOutput(made, inputs, flag)
    return made
  }
  return {
    requests: target(options.requestsOutput, requestsFlag),
    timeSeries: target(options.timeseriesOutput, timeSeriesFlag),
    chromeTrace: target(options.chromeTrace, traceFlag),
  }
}

/** Makes what watches a run; nothing where nothing is asked for. */
export async function observationOf(
  options: ObservationOptions,
  targets: ObservationTargets,
  { spec, deployment, table }: ObservedRun,
): Promise<RunObservation> {
  const { timeSeries: seriesTarget } = targets
  const shown = options.timeSeries === true || options.report !== undefined
  const recorder =
    shown || table || seriesTarget !== undefined
      ? new TimeSeriesRecorder(spec.pools.map(seriesPool))
      : undefined
  const steps = shown ? new MeanSteps(deployment) : undefined
  const requests =
    targets.requests && (await tableFile(targets.requests, requestsFlag, requestColumns(spec)))
  const trace =
    targets.chromeTrace &&
    new ChromeTrace(new StreamedFile(targets.chromeTrace, traceFlag), spec.pools)
  const watching: RunObserver[] = []
  if (recorder !== undefined) watching.push(recorder)
  if (steps !== undefined) watching.push(steps)
  if (requests !== undefined)
    watching.push({
      requestFinished: (request) => {
        requests.row(request)
      },
      requestFailed: (request) => {
        requests.row(request)
      },
    })
  if (trace !== undefined) watching.push(trace)
  return {
    observer: observers(watching),
    sections: () =>
      recorder === undefined || steps === undefined
        ? {}
        : {
            time_series: recorder.series(),
            operators: steps.figures(),
            memory_breakdown: memoryBreakdown(deployment),
          },
    series: () => recorder?.series(),
    async commit() {
      requests?.commit()
      trace?.commit()
      if (seriesTarget !== undefined && recorder !== undefined)
        await writeSeries(seriesTarget, recorder.series())
      return [targets.requests, seriesTarget, targets.chromeTrace].flatMap((each) =>
        each === undefined ? [] : [each.name],
      )
    },
    abort() {
      requests?.abort()
      trace?.abort()
    },
  }
}

async function writeSeries(target: FileTarget, series: TimeSeries): Promise<void> {
  const table = await tableFile(target, timeSeriesFlag, timeSeriesColumns(series))
  for (let interval = 0; interval < series.arrivals_per_sec.length; interval++) table.row(interval)
  table.commit()
}

/** Each attention rank counts as a replica. */
function seriesPool({ name, replicas, attentionRanks = 1 }: PoolSpec): SeriesPool {
  return { name, replicas: replicas * attentionRanks }
}
