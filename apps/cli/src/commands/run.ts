import { SimulatorError } from '@llmsim/contracts'
import path from 'node:path'
import type { Io } from '../io.js'
import { colorsFor } from '../output/colors.js'
import { progressBar } from '../output/progress.js'
import { refuseSharedTargets } from '../output/distinct-targets.js'
import { documentIn, jsonText, resultsDocument } from '../output/results-document.js'
import { resultsSummary, resultsTable } from '../output/results-table.js'
import { fileTarget, writeWhole } from '../output/write-file.js'
import { interruptibleRun } from '../interruptible-run.js'
import { prepareRun, prepareScenario } from '../prepared-run.js'
import type { RegistryOptions } from '../registries.js'
import { writeReport } from '../output/report-file.js'
import { replicated, replicationOptions, seeded } from '../replicated-run.js'
import { observationOf, type ObservationOptions, observationTargets } from '../run-observation.js'
import { refuseInputAsOutput } from '../scenario/input-files.js'
import type { ScenarioOptions } from '../scenario/load-scenario.js'

export interface OutputOptions {
  readonly format?: string
  readonly quiet?: boolean
}

export interface RunOptions
  extends ScenarioOptions, RegistryOptions, OutputOptions, ObservationOptions {
  readonly output?: string
  readonly summary?: boolean
  readonly report?: string
  readonly replications?: string
  readonly jobs?: string
}

/** What a shell says of a program that Ctrl-C ended: 128 and the number of the signal. */
const interrupted = 130

/** Simulates one scenario and prints what came out; `exit` takes an exit code other than 0. */
export async function run(
  options: RunOptions,
  io: Io,
  exit: (code: number) => void = () => undefined,
): Promise<void> {
  const format = outputFormat(options.format)
  const replication = replicationOptions(options)
  const target = options.output === undefined ? undefined : fileTarget(options.output, io.cwd)
  const reported =
    options.report === undefined ? undefined : fileTarget(options.report, io.cwd, '--report')
  const prepared = await prepareScenario(options, io.cwd)
  if (target !== undefined) refuseInputAsOutput(target, prepared.inputs)
  if (reported !== undefined) refuseInputAsOutput(reported, prepared.inputs, '--report')
  const targets = observationTargets(options, io.cwd, prepared.inputs)
  refuseSharedTargets([
    ['--output', target],
    ['--report', reported],
    ['--requests-output', targets.requests],
    ['--timeseries-output', targets.timeSeries],
    ['--chrome-trace', targets.chromeTrace],
  ])
  const { scenario, deployment, spec, warnings } = await prepareRun(prepared)
  const replications = replication && seeded(replication, scenario.random_seed)
  const progress = await progressBar(io, options.quiet === true, {
    seconds: scenario.simulation_duration_s,
    requests: scenario.workload.num_requests,
  })
  const observation = await observationOf(options, targets, {
    spec,
    deployment,
    // Bars of load and queue are for eyes.
    table: io.stdoutIsTerminal && format === 'table' && options.summary !== true,
  })
  const { observer } = observation
  const result = await (async () => {
    try {
      return await interruptibleRun(
        {
          ...spec,
          ...(observer === undefined ? {} : { observer }),
          distributions: true,
          onProgress: (seconds, requests) => progress.report(seconds, requests),
        },
        io,
      )
    } catch (error) {
      observation.abort()
      throw error
    } finally {
      progress.stop()
    }
  })()
  const files = await observation.commit()
  if (result.partial === true) exit(interrupted)
  const more =
    replications === undefined || result.partial === true
      ? undefined
      : await replicated(scenario, result, {
          ...replications,
          cwd: io.cwd,
          folders: prepared.folders,
        })
  const { folders } = prepared
  const made = resultsDocument(result, prepared, [...warnings, ...(more?.warnings ?? [])], {
    ...observation.sections(),
    ...more?.sections,
  })
  const results = documentIn(io.cwd, made, folders)
  if (target !== undefined) {
    const folder = target.special ? io.cwd : path.dirname(target.absolute)
    writeWhole(target, jsonText(documentIn(folder, made, folders)))
  }
  if (reported !== undefined) await writeReport(reported, results)
  if (options.quiet !== true)
    for (const warning of results.warnings) io.stderr(`warning: ${warning}\n`)
  if (format === 'json') io.stdout(jsonText(results))
  else if (options.summary === true) io.stdout(resultsSummary(results, deployment))
  else io.stdout(resultsTable(results, deployment, colorsFor(io), observation.series()))
  if (options.quiet === true) return
  if (target !== undefined) io.stderr(`results written to ${target.name}\n`)
  if (reported !== undefined) io.stderr(`report written to ${reported.name}\n`)
  for (const name of files) io.stderr(`written: ${name}\n`)
}

/** What `--format` says. Throws `SimulatorError` at the flag. */
export function outputFormat(given = 'table'): 'table' | 'json' {
  if (given === 'table' || given === 'json') return given
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: '--format',
    message: 'is not one of the accepted values',
    given,
    accepted: 'table or json',
  })
}
