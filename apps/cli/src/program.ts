import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { createRequire } from 'node:module'
import {
  addCatalogOption,
  addFlags,
  addList,
  addPluginOption,
  addScenarioOptions,
  checked,
  command,
  grouped,
} from './command-options.js'
import { examples } from './examples.js'
import { scenarioFlags } from './flags.js'
import type { Io } from './io.js'
import { addPlanning } from './planning-program.js'
import { addReporting } from './report-program.js'
import { parserFailure, refuseRepeats } from './usage-error.js'
import { checkXpuList } from './xpu-list.js'

type AnyCommand = CommandUnknownOpts

/** Flags by which `estimate` describes the replica whose steps it takes apart. */
const estimateGroups = new Set(['Deployment:', 'Engine:', 'Disaggregated serving:'])

/** The command line; each command is loaded when it runs. `exit` takes an exit code other than 0. */
export function createProgram(io: Io, exit: (code: number) => void): AnyCommand {
  const program: Command = new Command('llmsim')
    .description('Simulates LLM inference serving: throughput, latency, memory, cost and energy.')
    .version(version(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride((error) => {
      throw parserFailure(error, program)
    })
    .configureOutput({ writeOut: (text) => io.stdout(text), writeErr: () => undefined })
    .addHelpText('after', examples.program)
  const run = addRun(program, io, exit)
  addEstimate(program, io)
  addCompare(program, io)
  addPlanning(program, io, exit)
  addReporting(program, io)
  addModels(program, io)
  addHardware(program, io)
  addCatalog(program, io, exit)
  addConfig(program, io)
  addValidate(program, io)
  addReplayCheck(program, io)
  addCalibrate(program, io)
  addTrace(program, io)
  addMetrics(program, io)
  addDebug(program)
  program.configureHelp({
    visibleOptions: (shown) =>
      [...shown.options, ...(shown.name() === 'llmsim' ? run.options : [])].filter(
        (option) => !option.hidden,
      ),
  })
  refuseRepeats(program)
  return program
}

/** Every command takes it, after its own flags. */
function addDebug(above: AnyCommand): void {
  for (const each of above.commands) {
    each.option('--debug', 'show where in the code an error comes from')
    addDebug(each)
  }
}

function addRun(program: Command, io: Io, exit: (code: number) => void): AnyCommand {
  const run = command(program, 'run', 'simulate a deployment (the default command)', true)
  addFlags(run, scenarioFlags)
  addScenarioOptions(run)
  const output = 'Output:'
  run
    .addOption(
      grouped('--replications <N>', 'seeds to run: 95 % intervals of every figure', output),
    )
    .addOption(grouped('--jobs <N>', 'threads of replications (default: one per core)', output))
    .addOption(grouped('--output <FILE>', 'write the results as JSON', output))
    .addOption(grouped('--time-series', 'put the run over time into the results', output))
    .addOption(grouped('--report <FILE>', 'write a page with figures and charts (HTML)', output))
    .addOption(
      grouped(
        '--requests-output <FILE>',
        'write each request: .csv, .jsonl (either .gz) or .parquet',
        output,
      ),
    )
    .addOption(
      grouped('--timeseries-output <FILE>', 'write the run over time: the same endings', output),
    )
    .addOption(
      grouped('--chrome-trace <FILE>', 'write the steps as JSON that Perfetto opens', output),
    )
    .addOption(grouped('--format <FORMAT>', 'on stdout: table or json (default: table)', output))
    .addOption(grouped('--summary', 'print the headline figures alone', output))
    .addOption(grouped('--quiet', 'no progress and no warnings', output))
    .allowExcessArguments()
    .action(async (options) => {
      const given = checked(options)
      const [excess] = run.args
      if (excess !== undefined) throw await unknownCommand(program, excess)
      await (await import('./commands/run.js')).run(given, io, exit)
    })
  return run
}

function addEstimate(program: Command, io: Io): void {
  const estimate = command(program, 'estimate', 'take one prefill and one decode step apart')
  addFlags(
    estimate,
    scenarioFlags.filter(({ group }) => estimateGroups.has(group)),
  )
  addScenarioOptions(estimate)
  estimate
    .option('--batch-size <N>', 'sequences of each step (default: 1 to prefill, 32 to decode)')
    .option('--prompt-length <TOKENS>', 'tokens of each prompt (default: 1024)')
    .option('--context-length <TOKENS>', 'context of each decoding sequence (default: 1024)')
    .option('--format <FORMAT>', 'on stdout: table or json (default: table)')
    .action(async (options) =>
      (await import('./commands/estimate.js')).estimate(checked(options), io),
    )
}

function addCompare(program: Command, io: Io): void {
  const compare = command(
    program,
    'compare',
    'several deployments, or schedulers, on the same traffic',
  )
  addFlags(compare, scenarioFlags)
  addScenarioOptions(compare)
  compare
    .argument(
      '[FILE...]',
      'scenario files; traffic and objectives are those of the first, but for the slo that one scales by',
    )
    .option('--schedulers <A,B,C>', 'one deployment under each of these schedulers')
    .option('--format <FORMAT>', 'on stdout: table or json (default: table)')
    .option('--quiet', 'no warnings')
    .action(async (files, options) => {
      const given = checked(options)
      checkXpuList(given.xpu)
      await (await import('./commands/compare.js')).compare(files, given, io)
    })
}

function addModels(program: Command, io: Io): void {
  const models = command(program, 'models', 'list the models of the catalog, or show one')
  addCatalogOption(models)
  models
    .argument('[NAME|FILE]', 'a name, an alias, a catalog file or a Hugging Face config.json')
    .option('--json', 'print JSON')
    .action(async (name, options) =>
      (await import('./commands/models.js')).models(name, checked(options), io),
    )
}

function addHardware(program: Command, io: Io): void {
  const hardware = command(program, 'hardware', 'list the accelerators of the catalog, or show one')
  addCatalogOption(hardware)
  hardware
    .argument('[NAME|FILE]', 'a name, an alias or a catalog file')
    .option('--json', 'print JSON')
    .action(async (name, options) =>
      (await import('./commands/hardware.js')).hardware(name, checked(options), io),
    )
}

function addCatalog(program: Command, io: Io, exit: (code: number) => void): void {
  const catalog = command(program, 'catalog', 'check catalogs')
  command(catalog, 'validate', 'check every entry of a folder of JSON files')
    .argument('<PATH>', 'a folder or a file')
    .action(async (path) => exit(await (await import('./commands/catalog.js')).validate(path, io)))
}

function addConfig(program: Command, io: Io): void {
  const config = command(program, 'config', 'check scenario files')
  const check = command(config, 'check', 'check a scenario file as a run would')
  addCatalogOption(check)
  addPluginOption(check)
  check
    .argument('<FILE>', 'JSON or YAML')
    .option('--json', 'print the scenario with every default filled in')
    .option('--quiet', 'no warnings')
    .action(async (file, options) =>
      (await import('./commands/config.js')).check(file, checked(options), io),
    )
  command(config, 'schema', 'print the JSON Schema of scenario files').action(async () =>
    (await import('./commands/config.js')).schema(io),
  )
}

function addValidate(program: Command, io: Io): void {
  const validate = command(program, 'validate', 'simulate what was measured: how far off?')
  addCatalogOption(validate)
  addList(validate, '--filter <COLUMN=VALUE>', 'rows whose column has that value; repeatable')
  validate
    .argument('<POINTS.csv>', 'one measured configuration in each row')
    .option('--cost-model <NAME>', 'calibrated or roofline (default: calibrated)')
    .option('--against <NAME>', 'a second cost model, side by side on the rows of both')
    .option('--format <FORMAT>', 'on stdout: table, json, csv or markdown (default: table)')
    .option('--summary', 'no single rows in the table')
    .option('--quality', 'list measurements that contradict physics or their neighbours, alone')
    .option('--html <FILE>', 'write scatters of simulated against measured')
    .option('--jobs <N>', 'threads (default: one per core)')
    .option('--limit <N>', 'the first rows only')
    .action(async (file, options) =>
      (await import('./commands/validate.js')).validate(file, checked(options), io),
    )
}

function addReplayCheck(program: Command, io: Io): void {
  const check = command(program, 'replay-check', "replay a server's log: how far off?")
  addCatalogOption(check)
  check
    .argument('<LOG.jsonl>', 'one completed request in each line')
    .option('--model <NAME>', 'model that was served')
    .option('--xpu <NAME>', 'accelerator that served it')
    .option('--tp <N>', 'tensor parallelism (default: 1)')
    .option('--pp <N>', 'pipeline stages (default: 1)')
    .option('--dp <N>', 'attention data parallelism, or engines of a dense model (default: 1)')
    .option('--ep <N>', 'devices that whole experts are spread over (default: 1)')
    .option(
      '--engine <NAME>',
      'vllm (the default), sglang, trtllm, triton-trtllm, nim-trtllm, deepspeed-mii, deepspeed or jetstream',
    )
    .option('--dtype <FORMAT>', "number format of weights (default: the model's)")
    .option('--kv-cache-dtype <FORMAT>', 'number format of the KV cache')
    .option('--max-num-seqs <N>', "sequences in a step (default: the engine's)")
    .option('--max-num-batched-tokens <N>', "tokens in a step (default: the engine's)")
    .option('--num-gpu-blocks-override <N>', 'KV blocks of 16 tokens (default: what memory leaves)')
    .option('--cost-model <NAME>', 'calibrated or roofline (default: calibrated)')
    .option('--format <FORMAT>', 'on stdout: table or json (default: table)')
    .action(async (file, options) =>
      (await import('./commands/replay-check.js')).replayCheck(file, checked(options), io),
    )
}

function addCalibrate(program: Command, io: Io): void {
  const calibrate = command(program, 'calibrate', 'fit an accelerator to your own measurements')
  addCatalogOption(calibrate)
  calibrate
    .argument('<FILE.csv>', 'timings of operators, or serving measurements as of validate')
    .option('--xpu <NAME>', 'accelerator that was measured')
    .option('--output <FILE>', 'write a calibration, which --catalog reads')
    .option('--name <NAME>', "name of the calibration (default: the accelerator's)")
    .option('--engine <NAME>', 'serving rows of that engine alone; fit its step as well')
    .option('--date <YYYY-MM-DD>', 'when it was measured (default: today)')
    .option('--source-url <URL>', 'where the measurements are (default: the name of the file)')
    .option('--format <FORMAT>', 'on stdout: table or json (default: table)')
    .action(async (file, options) =>
      (await import('./commands/calibrate.js')).calibrate(file, checked(options), io),
    )
}

function addMetrics(program: Command, io: Io): void {
  const metrics = command(
    program,
    'metrics',
    'statistics of measured requests: CSV, JSONL, Parquet',
  )
  addFlags(
    metrics,
    scenarioFlags.filter(({ kind }) => kind === 'objective'),
  )
  metrics
    .argument('<FILE>', 'one record for each request, as --requests-output writes them')
    .option('--format <FORMAT>', 'on stdout: table or json (default: table)')
    .action(async (file, options) =>
      (await import('./commands/metrics.js')).metrics(file, checked(options), io),
    )
}

function addTrace(program: Command, io: Io): void {
  const trace = command(program, 'trace', 'look at request traces, and convert them')
  const inspect = command(trace, 'inspect', 'what a trace holds: rate, burstiness, lengths')
  addTraceOptions(inspect)
  inspect
    .argument('<FILE>', 'a trace, in any form, or a folder of one')
    .option('--format <FORMAT>', 'on stdout: table or json (default: table)')
    .action(async (file, options) =>
      (await import('./commands/trace.js')).inspect(file, checked(options), io),
    )
  const convert = command(trace, 'convert', 'write a trace as CSV or JSON lines')
  addTraceOptions(convert)
  convert
    .argument('<IN>', 'a trace, in any form, or a folder of one')
    .argument('<OUT>', '.csv or .jsonl, with .gz to pack it')
    .action(async (from, to, options) =>
      (await import('./commands/trace.js')).convert(from, to, checked(options), io),
    )
}

function addTraceOptions(target: Command): void {
  target
    .option('--window <FROM..TO>', 'only these seconds of the trace')
    .option('--spread-ticks <SECONDS>', 'spread requests of one time over a tick of this length')
    .option('--rate-scale <FACTOR>', 'requests in place of each, as 0.5 or 3')
    .option('--speed <FACTOR>', 'times are divided by it')
    .option('--max-input-length <TOKENS>', 'longest prompt')
    .option('--max-output-length <TOKENS>', 'longest output')
    .option('--max-total-length <TOKENS>', 'longest prompt and output together')
    .option('--over-long <WHAT>', 'longer requests: cut or drop (default: cut)')
    .option('--seed <N>', 'of what is drawn (default: 0)')
    .option('--limit <N>', 'the first requests only')
}

async function unknownCommand(program: Command, given: string): Promise<Error> {
  const { nearNames, SimulatorError } = await import('@llmsim/contracts')
  const names = program.commands.map((each) => each.name())
  return new SimulatorError({
    code: 'UNKNOWN_NAME',
    path: 'command',
    message: 'unknown command',
    given,
    accepted: names.join(', '),
    nearest: nearNames(given, names),
  })
}

function version(): string {
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version
}
