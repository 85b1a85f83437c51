import { SimulatorError } from '@llmsim/contracts'
import { resultDifference } from '@llmsim/metrics'
import type { ReportedResult } from '@llmsim/report'
import type { Io } from '../io.js'
import { colorsFor } from '../output/colors.js'
import { differenceText } from '../output/difference-table.js'
import { jsonText } from '../output/results-document.js'
import { readResults } from '../results-file.js'
import { outputFormat } from './run.js'

export interface DiffOptions {
  readonly format?: string
  readonly all?: boolean
}

/** Prints what changed from one results file to another: in the scenario, and in each figure. */
export async function diff(
  first: string,
  second: string,
  options: DiffOptions,
  io: Io,
): Promise<void> {
  const format = outputFormat(options.format)
  const from = single(first, io.cwd)
  const to = single(second, io.cwd)
  const difference = resultDifference(from.results, to.results)
  if (format === 'json') io.stdout(jsonText({ from: first, to: second, ...difference }))
  else io.stdout(differenceText(difference, { all: options.all === true, colors: colorsFor(io) }))
}

function single(file: string, cwd: string): ReportedResult {
  const [result, ...others] = readResults(file, cwd)
  if (result !== undefined && others.length === 0) return result
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: file,
    message: `holds ${result === undefined ? 'no' : others.length + 1} results`,
    accepted: 'a results file, as llmsim run --output writes it',
  })
}
