import { SimulatorError } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { count } from '../output/figures.js'
import { jsonText } from '../output/results-document.js'
import { fileTarget, writeWhole } from '../output/write-file.js'
import type { RegistryOptions } from '../registries.js'
import type { ScenarioOptions } from '../scenario/load-scenario.js'
import { figuresOf } from '../planning/study-figure.js'
import { loadStudyScenario, sectionsOf } from '../planning/study-scenario.js'
import { inStudy, type StudyOptions } from '../planning/study-session.js'
import {
  reportProblems,
  sweepBytes,
  sweepDocument,
  sweepFormat,
  sweepTable,
} from '../planning/sweep-output.js'
import { pointsOf, sweepPlan, type SweepPlanOptions } from '../planning/sweep-plan.js'
import { sweepColumns } from '../planning/sweep-rows.js'
import { runSweep, type Shard } from '../planning/sweep-study.js'
import { outputFormat } from './run.js'

export interface SweepOptions
  extends ScenarioOptions, RegistryOptions, StudyOptions, SweepPlanOptions {
  readonly output?: readonly string[]
  readonly format?: string
  readonly figures?: string
  readonly shard?: string
}

/** Simulates a scenario for every combination of values of some of its fields, or for samples. */
export async function sweep(
  file: string | undefined,
  given: SweepOptions,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const options = withFile(file, given)
  const format = outputFormat(options.format)
  const figures = figuresOf(options.figures, '--figures')
  const targets = (options.output ?? []).map((name) => ({
    format: sweepFormat(name),
    target: fileTarget(name, io.cwd),
  }))
  const shard = shardOf(options.shard)
  if (shard !== undefined && options.journal === undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--shard',
      message: 'simulates a part of the points, which has to be kept somewhere',
      accepted: '--journal FILE beside it; llmsim merge joins the parts',
    })
  const plan = sweepPlan(options, sectionsOf(options, io.cwd).sweep)
  const [first] = pointsOf(plan)
  const { scenario, folders } = loadStudyScenario(
    options,
    io.cwd,
    plan.axes.map(({ field }, index) => ({
      field,
      value: first?.[index] ?? null,
      source: '--vary',
    })),
  )
  const { catalog = [], plugin = [] } = options
  const description = { command: 'sweep', scenario, plan, catalog, plugin, folders }
  await inStudy(options, { io, folders, description, exit, label: 'points' }, async (session) => {
    const rows = await runSweep(scenario, plan, session, shard)
    session.progress.stop()
    if (options.quiet !== true) reportProblems(rows, io)
    if (shard !== undefined) {
      io.stdout(
        `part ${shard.part} of ${shard.of}: ${count(rows.length)} points are in ${options.journal}\n`,
      )
      return
    }
    const columns = sweepColumns(plan.axes, rows)
    for (const { target, format: kind } of targets)
      writeWhole(target, await sweepBytes(columns, kind, figures))
    io.stdout(format === 'json' ? jsonText(sweepDocument(columns)) : sweepTable(columns, figures))
    if (options.quiet !== true)
      for (const { target } of targets) io.stderr(`results written to ${target.name}\n`)
  })
}

/** Options in which the file given as an argument is the one of `--config`. */
export function withFile<T extends ScenarioOptions>(file: string | undefined, options: T): T {
  if (file === undefined) return options
  if (options.config !== undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--config',
      message: 'names a file beside the one that is given',
      given: options.config,
      accepted: 'one of the two',
    })
  return { ...options, config: file }
}

/** What `--shard i/n` says. Throws `SimulatorError` at the flag. */
export function shardOf(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined
  const found = /^(\d{1,9})\/(\d{1,9})$/.exec(text)
  const part = Number(found?.[1])
  const of = Number(found?.[2])
  if (part >= 1 && part <= of) return { part, of }
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: '--shard',
    message: 'is no part of a whole',
    given: text,
    accepted: 'i/n with i from 1 to n, such as 3/8',
  })
}
