import { availableParallelism } from 'node:os'
import path from 'node:path'
import { inputText } from '../input-text.js'
import type { Io } from '../io.js'
import { jsonText } from '../output/results-document.js'
import { fileTarget, writeWhole } from '../output/write-file.js'
import { loadRegistries } from '../registries.js'
import { parsePoints, type MeasuredPoint } from '../validation/measured-point.js'
import { chosenPoints } from '../validation/point-filter.js'
import type { PointOutcome } from '../validation/point-errors.js'
import { suspectPoints } from '../validation/point-quality.js'
import { validatedCostModels, type ValidatedCostModel } from '../validation/point-scenario.js'
import { scatterPage } from '../validation/scatter-page.js'
import { suspectTable, validationCsv, validationTable } from '../validation/validation-text.js'
import { runValidation } from '../validation/validation-run.js'
import {
  compareModels,
  comparisonMarkdown,
  comparisonText,
} from '../validation/validation-comparison.js'
import { validationOf } from '../validation/validation-summary.js'
import { oneOf, wholeNumber } from './option-values.js'

export interface ValidateOptions {
  readonly costModel?: string
  readonly against?: string
  readonly format?: string
  readonly html?: string
  readonly jobs?: string
  readonly limit?: string
  readonly filter?: readonly string[]
  readonly catalog?: readonly string[]
  readonly quality?: boolean
  readonly summary?: boolean
}

/** Simulates measured configurations as they were measured, and prints how far off it is. */
export async function validate(file: string, options: ValidateOptions, io: Io): Promise<void> {
  const format = oneOf('--format', options.format ?? 'table', [
    'json',
    'csv',
    'table',
    'markdown',
  ] as const)
  const costModel = oneOf('--cost-model', options.costModel ?? 'calibrated', validatedCostModels)
  const against =
    options.against === undefined
      ? undefined
      : oneOf('--against', options.against, validatedCostModels)
  const jobs = wholeNumber('--jobs', options.jobs, 1024) ?? availableParallelism()
  const limit = wholeNumber('--limit', options.limit, 1e9) ?? Infinity
  const target = options.html === undefined ? undefined : fileTarget(options.html, io.cwd)
  const points = chosenPoints(readPoints(file, io.cwd), options.filter ?? []).slice(0, limit)
  const catalog = options.catalog ?? []
  const registries = await loadRegistries({ catalog }, io.cwd)
  const suspect = suspectPoints(points, registries)
  if (options.quality === true) {
    io.stdout(format === 'json' ? jsonText({ suspect }) : suspectTable(suspect))
    return
  }
  const run = (name: ValidatedCostModel): Promise<PointOutcome[]> =>
    runValidation(points, { costModel: name, catalog, cwd: io.cwd }, jobs)
  const outcomes = await run(costModel)
  const models = [{ costModel, outcomes }]
  if (against !== undefined) models.push({ costModel: against, outcomes: await run(against) })
  const validation = validationOf(points, outcomes)
  if (target !== undefined)
    writeWhole(target, scatterPage(validation, points, `${path.basename(file)}, ${costModel}`))
  const compared = against !== undefined || format === 'markdown'
  const tables = compared ? compareModels(points, models) : []
  if (format === 'markdown') io.stdout(comparisonMarkdown(tables))
  else if (format === 'table' && compared) io.stdout(comparisonText(tables))
  else if (format === 'json') io.stdout(jsonText({ cost_model: costModel, ...validation, suspect }))
  else if (format === 'csv') io.stdout(validationCsv(validation))
  else io.stdout(validationTable(validation, options.summary !== true))
}

/** Reads the measurements of a file. Throws `SimulatorError`. */
export function readPoints(file: string, cwd: string): MeasuredPoint[] {
  return parsePoints(inputText(file, cwd, 'an existing file in CSV'), file)
}
