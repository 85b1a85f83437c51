import { SimulatorError } from '@llmsim/contracts'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Io } from '../io.js'
import { count } from '../output/figures.js'
import { jsonText } from '../output/results-document.js'
import { fileTarget, writeWhole } from '../output/write-file.js'
import { readJournal, type JournalContents } from '../planning/journal.js'
import { figuresOf } from '../planning/study-figure.js'
import { Study } from '../planning/study.js'
import {
  reportProblems,
  sweepBytes,
  sweepDocument,
  sweepFormat,
  sweepTable,
} from '../planning/sweep-output.js'
import { sweepColumns } from '../planning/sweep-rows.js'
import type { SweepPlan } from '../planning/sweep-plan.js'
import { finishedSweep } from '../planning/sweep-study.js'
import { localExecutor } from '../planning/thread-executor.js'
import { loadRegistries } from '../registries.js'
import type { PlainObject } from '../scenario/assignments.js'
import { outputFormat } from './run.js'

export interface MergeOptions {
  readonly output?: readonly string[]
  readonly format?: string
  readonly figures?: string
  readonly quiet?: boolean
}

/** What the journal of a sweep says of it. */
interface SweepDescription {
  readonly command: string
  readonly scenario: PlainObject
  readonly plan: SweepPlan
  readonly catalog: readonly string[]
  readonly plugin: readonly string[]
  readonly folders: readonly string[]
}

/** Joins the journals of the parts of a sweep into what the sweep as a whole would have written. */
export async function merge(
  files: readonly string[],
  options: MergeOptions,
  io: Io,
): Promise<void> {
  const format = outputFormat(options.format)
  const figures = figuresOf(options.figures, '--figures')
  const targets = (options.output ?? []).map((name) => ({
    format: sweepFormat(name),
    target: fileTarget(name, io.cwd),
  }))
  const { description, outcomes } = joined(files, io.cwd)
  const { scenario, plan, catalog, plugin, folders } = description
  const context = { catalog, plugin, folders, cwd: io.cwd }
  const registries = await loadRegistries(context, io.cwd)
  const study = new Study({
    context,
    registries,
    executor: localExecutor(),
    known: outcomes,
  })
  const { rows, missing } = await finishedSweep(scenario, plan, study)
  if (missing.length > 0)
    throw new SimulatorError({
      code: 'FILE',
      path: files.join(', '),
      message: `${count(missing.length)} of ${count(rows.length + missing.length)} points are missing, the first of them ${missing.slice(0, 5).join(', ')}`,
      accepted: 'the journals of every part, by the same version of llmsim',
    })
  const columns = sweepColumns(plan.axes, rows)
  if (options.quiet !== true) reportProblems(rows, io)
  for (const { target, format: kind } of targets)
    writeWhole(target, await sweepBytes(columns, kind, figures))
  io.stdout(format === 'json' ? jsonText(sweepDocument(columns)) : sweepTable(columns, figures))
  if (options.quiet !== true)
    for (const { target } of targets) io.stderr(`results written to ${target.name}\n`)
}

function joined(
  files: readonly string[],
  cwd: string,
): { description: SweepDescription; outcomes: Map<string, string> } {
  const outcomes = new Map<string, string>()
  let description: SweepDescription | undefined
  for (const name of files) {
    const { study, outcomes: own } = contentsOf(name, cwd)
    if (study?.command !== 'sweep')
      throw new SimulatorError({
        code: 'FILE',
        path: name,
        message: 'is no journal of a sweep',
        accepted: 'files that llmsim sweep --journal wrote',
      })
    const found = study as unknown as SweepDescription
    if (description !== undefined && JSON.stringify(found) !== JSON.stringify(description))
      throw new SimulatorError({
        code: 'CONFLICT',
        path: name,
        message: `is a part of another sweep than ${files[0] ?? ''}`,
        accepted: 'parts of one sweep',
      })
    description = found
    for (const [key, outcome] of own) outcomes.set(key, outcome)
  }
  if (description === undefined)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'FILE',
      message: 'there is nothing to merge',
      accepted: 'the journals of the parts of a sweep',
    })
  return { description, outcomes }
}

function contentsOf(name: string, cwd: string): JournalContents {
  const file = path.resolve(cwd, name)
  try {
    if (existsSync(file)) return readJournal(file)
  } catch {
    // A folder, or a file that may not be read: as good as none.
  }
  throw new SimulatorError({
    code: 'FILE',
    path: name,
    message: 'cannot be read',
    accepted: 'a file that llmsim sweep --journal wrote',
  })
}
