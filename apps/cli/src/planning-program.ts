import type { Command } from '@commander-js/extra-typings'
import {
  addFlags,
  addList,
  addScenarioOptions,
  checked,
  command,
  grouped,
} from './command-options.js'
import { scenarioFlags } from './flags.js'
import type { Io } from './io.js'

const study = 'Study:'
const output = 'Output:'

/** The commands that search: each is loaded when it runs. */
export function addPlanning(program: Command, io: Io, exit: (code: number) => void): void {
  addSweep(program, io, exit)
  addMerge(program, io)
}

function addSweep(program: Command, io: Io, exit: (code: number) => void): void {
  const sweep = command(program, 'sweep', 'simulate every combination of values of some fields')
  addFlags(sweep, scenarioFlags)
  addScenarioOptions(sweep)
  addList(
    sweep,
    '--vary <FIELD=VALUES>',
    'a field (or its flag) and its values: v1,v2 or low..high:step (:*factor); repeatable',
    study,
  )
  addStudyOptions(sweep)
  addList(sweep, '--output <FILE>', 'write .csv, .parquet, .json or .html; repeatable', output)
  sweep
    .argument('[FILE]', 'a scenario file, with a section sweep or without')
    .addOption(grouped('--samples <N>', 'so many samples in place of every combination', study))
    .addOption(grouped('--sampling <HOW>', 'sobol or lhs (default: sobol)', study))
    .addOption(grouped('--sampling-seed <N>', 'seed of the samples (default: 0)', study))
    .addOption(grouped('--shard <I/N>', 'the I-th of N parts; llmsim merge joins them', study))
    .addOption(grouped('--figures <A,B,C>', 'figures of the table', output))
    .addOption(grouped('--format <FORMAT>', 'on stdout: table or json (default: table)', output))
    .action(async (file, options) =>
      (await import('./commands/sweep.js')).sweep(file, checked(options), io, exit),
    )
}

function addMerge(program: Command, io: Io): void {
  const merge = command(program, 'merge', 'join the parts of a sweep')
  addList(merge, '--output <FILE>', 'write .csv, .parquet, .json or .html; repeatable', output)
  merge
    .argument('<JOURNAL...>', 'what each llmsim sweep --shard I/N --journal FILE wrote')
    .addOption(grouped('--figures <A,B,C>', 'figures of the table', output))
    .addOption(grouped('--format <FORMAT>', 'on stdout: table or json (default: table)', output))
    .addOption(grouped('--quiet', 'no warnings', output))
    .action(async (files, options) =>
      (await import('./commands/merge.js')).merge(files, checked(options), io),
    )
}

/** Where points are evaluated, and where they are kept. */
function addStudyOptions(target: Command): void {
  target
    .addOption(grouped('--jobs <N>', 'threads (default: one per core)', study))
    .addOption(
      grouped('--executor <WHERE>', 'threads, in-process or redis://… (default: threads)', study),
    )
    .addOption(grouped('--journal <FILE>', 'keep each finished point in this file', study))
    .addOption(grouped('--resume', 'go on with the journal that is there', study))
    .addOption(grouped('--cache <DIR>', 'finished points of every study; read and added to', study))
    .addOption(grouped('--quiet', 'no progress and no warnings', output))
}
