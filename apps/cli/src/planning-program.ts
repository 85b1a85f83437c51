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
const search = 'Search:'
const output = 'Output:'

/** The commands that search: each is loaded when it runs. */
export function addPlanning(program: Command, io: Io, exit: (code: number) => void): void {
  addSweep(program, io, exit)
  addMerge(program, io)
  addCapacity(program, io, exit)
  addOptimize(program, io, exit)
  addWhatif(program, io, exit)
  addWorker(program, io)
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
  addList(
    sweep,
    '--output <FILE>',
    'write .csv, .parquet, .json, .html or .svg; repeatable',
    output,
  )
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
  addList(
    merge,
    '--output <FILE>',
    'write .csv, .parquet, .json, .html or .svg; repeatable',
    output,
  )
  merge
    .argument('<JOURNAL...>', 'what each llmsim sweep --shard I/N --journal FILE wrote')
    .addOption(grouped('--figures <A,B,C>', 'figures of the table', output))
    .addOption(grouped('--format <FORMAT>', 'on stdout: table or json (default: table)', output))
    .addOption(grouped('--quiet', 'no warnings', output))
    .action(async (files, options) =>
      (await import('./commands/merge.js')).merge(files, checked(options), io),
    )
}

function addCapacity(program: Command, io: Io, exit: (code: number) => void): void {
  const capacity = command(program, 'capacity', 'the most traffic within latency objectives')
  addFlags(capacity, studyFlags)
  addScenarioOptions(capacity)
  addObjectives(capacity)
  addStudyOptions(capacity)
  addList(capacity, '--output <FILE>', 'write .json, .svg or .html; repeatable', output)
  capacity
    .argument('[FILE]', 'a scenario file')
    .addOption(grouped('--of <LOAD>', 'rate or concurrency (default: that of the scenario)', study))
    .addOption(grouped('--precision <SHARE>', 'of the load (default: 0.005)', study))
    .addOption(grouped('--max-runs <N>', 'runs of the search at most (default: 15)', study))
    .addOption(
      grouped('--replications <N>', 'other seeds, for the interval (default: 4; 0: none)', study),
    )
    .addOption(grouped('--format <FORMAT>', 'on stdout: table or json (default: table)', output))
    .action(async (file, options) =>
      (await import('./commands/capacity.js')).capacity(file, checked(options), io, exit),
    )
}

function addOptimize(program: Command, io: Io, exit: (code: number) => void): void {
  const optimize = command(program, 'optimize', 'the best deployment for some traffic')
  addFlags(optimize, studyFlags)
  addScenarioOptions(optimize)
  addObjectives(optimize)
  for (const [flags, description] of [
    ['--accelerators <A,B,C>', 'accelerators to choose from (default: --xpu)'],
    ['--max-devices <N>', 'devices at most (default: 8)'],
    ['--max-price <USD>', 'dollars per hour at most'],
    ['--max-power <WATTS>', 'power limits of all devices together at most'],
    ['--objective <A,B>', 'cost (the default), goodput-per-device, energy, ttft, throughput, …'],
    ['--serving <HOW>', 'aggregated, disaggregated (default: both)'],
    ['--tp-sizes <A,B>', 'tensor parallelism (default: powers of two)'],
    ['--pp-sizes <A,B>', 'pipeline stages (default: 1,2,4)'],
    ['--batch-sizes <A,B>', 'running requests of a replica (default: 64,256)'],
    ['--batched-tokens <A,B>', 'prompt tokens of a step (default: 2048,8192)'],
    ['--dtypes <A,B>', 'number formats of the weights (default: that of the scenario)'],
    ['--kv-cache-dtypes <A,B>', 'number formats of the KV cache (default: that of the scenario)'],
    ['--schedulers <A,B>', "schedulers (default: the engine's)"],
    ['--routers <A,B>', 'routers (default: that of the scenario)'],
    ['--requests <N>', 'requests of a first look (default: 2000)'],
    ['--rounds <N>', 'looks, each twice as long as the one before (default: 3)'],
    ['--finalists <N>', 'how many are confirmed (default: 5)'],
    ['--replications <N>', 'other seeds that confirm them (default: 3; 0: none)'],
  ] as const)
    optimize.addOption(grouped(flags, description, search))
  addStudyOptions(optimize)
  addList(optimize, '--output <FILE>', 'write .json, .svg or .html; repeatable', output)
  optimize
    .argument('[FILE]', 'a scenario file')
    .addOption(
      grouped('--mix-accelerators', 'prefill and decode on different accelerators too', search),
    )
    .addOption(grouped('--exhaustive', 'leave nothing out, and look long at everything', search))
    .addOption(grouped('--format <FORMAT>', 'on stdout: table or json (default: table)', output))
    .action(async (file, options) =>
      (await import('./commands/optimize.js')).optimize(file, checked(options), io, exit),
    )
}

function addWhatif(program: Command, io: Io, exit: (code: number) => void): void {
  const whatif = command(program, 'whatif', 'how much a figure depends on each input')
  addFlags(whatif, scenarioFlags)
  addScenarioOptions(whatif)
  addList(
    whatif,
    '--vary <FIELD=LOW,HIGH>',
    'these inputs in place of the usual ones; repeatable',
    study,
  )
  addStudyOptions(whatif)
  addList(whatif, '--output <FILE>', 'write .json, .svg or .html; repeatable', output)
  whatif
    .argument('[FILE]', 'a scenario file')
    .addOption(
      grouped('--figure <NAME>', 'as throughput (the default), ttft-p99, cost, energy', study),
    )
    .addOption(grouped('--by <SHARE>', 'less and more by this share (default: 0.2)', study))
    .addOption(grouped('--format <FORMAT>', 'on stdout: table or json (default: table)', output))
    .action(async (file, options) =>
      (await import('./commands/whatif.js')).whatif(file, checked(options), io, exit),
    )
}

function addWorker(program: Command, io: Io): void {
  command(program, 'worker', 'simulate points of studies that run with --executor redis://…')
    .option('--redis <URL>', 'Redis or Valkey, as redis://HOST:PORT')
    .option('--jobs <N>', 'threads (default: one per core)')
    .option('--quiet', 'say nothing')
    .action(async (options) => (await import('./commands/worker.js')).worker(checked(options), io))
}

/** Flags of a scenario, without those that a study reads in its own way. */
const studyFlags = scenarioFlags.filter(({ flag }) => !flag.startsWith('--slo-'))

function addObjectives(target: Command): void {
  for (const [name, meaning] of [
    ['ttft', 'time to first token'],
    ['tpot', 'time per output token'],
    ['e2e', 'end-to-end latency'],
  ])
    target.addOption(
      grouped(`--slo-${name} <TARGET>`, `${meaning}, as p99=1s or p95=50ms,mean=30ms`, study),
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
