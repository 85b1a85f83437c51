import { SimulatorError } from '@llmsim/contracts'
import { htmlReport, svgChart } from '@llmsim/report'
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { Io } from '../io.js'
import { fileTarget, writeWhole } from '../output/write-file.js'
import { readResults } from '../results-file.js'
import { refuseInputAsOutput } from '../scenario/input-files.js'

export interface ReportFlags {
  readonly output?: string
  readonly svg?: string
  readonly title?: string
}

/** Writes results as one HTML page, or one chart of them as SVG. */
export async function report(
  files: readonly string[],
  options: ReportFlags,
  io: Io,
): Promise<void> {
  if (options.output === undefined)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--output',
      message: 'is required',
      accepted: 'the file to write',
    })
  if (options.svg !== undefined && options.title !== undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--title',
      message: 'is the title of a page, and --svg writes a chart',
      given: options.title,
      accepted: 'one of the two flags',
    })
  const target = fileTarget(options.output, io.cwd)
  const inputs = files
    .map((file) => ({ source: 'FILE', absolute: path.resolve(io.cwd, file) }))
    .filter(({ absolute }) => existsSync(absolute))
    .map(({ source, absolute }) => ({ source, absolute: realpathSync(absolute) }))
  refuseInputAsOutput(target, inputs)
  const results = files.flatMap((file) => readResults(file, io.cwd))
  const [first, ...others] = results
  if (first === undefined)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: files[0] ?? 'FILE',
      message: 'holds no results',
      accepted: 'a results file, as llmsim run --output writes it',
    })
  const text =
    options.svg === undefined
      ? htmlReport([first, ...others], options.title === undefined ? {} : { title: options.title })
      : svgChart(options.svg, results, undefined, '--svg')
  writeWhole(target, text)
  io.stderr(`${options.svg === undefined ? 'report' : 'chart'} written to ${target.name}\n`)
}
