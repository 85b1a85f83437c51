import { isSimulatorError, SimulatorError, type SchedulerSection } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import type { Io } from '../io.js'
import { comparisonTable, schedulerTable, type Contender } from '../output/comparison-table.js'
import { documentIn, jsonText, resultsDocument } from '../output/results-document.js'
import { prepareRun, prepareScenario, type PreparedScenario } from '../prepared-run.js'
import { loadRegistries, named } from '../registries.js'
import { withOrigin } from '../scenario/field-origins.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import { trafficOf } from '../traffic.js'
import { outputFormat, type RunOptions } from './run.js'

export interface CompareOptions extends RunOptions {
  /** Accelerators, with commas between them. */
  readonly xpu?: string
  /** Schedulers, with commas between them. */
  readonly schedulers?: string
}

/** Runs several deployments, or one under several schedulers, on the same requests, side by side. */
export async function compare(
  files: readonly string[],
  options: CompareOptions,
  io: Io,
): Promise<void> {
  const format = outputFormat(options.format)
  const prepared = await prepareAll(files, options, io.cwd)
  const [first] = prepared
  if (first === undefined) return
  const { scenario: common, folders } = first.prepared
  const traffic = await trafficOf(common, folders).catch((error: unknown) => {
    throw withOrigin(error, first.prepared.origins)
  })
  const bySchedulers = options.schedulers !== undefined
  const warned = new Set<string>()
  const warn = (label: string, text: string): void => {
    // What is said of one deployment is said once, under however many schedulers it runs.
    const line = bySchedulers ? text : `${label}: ${text}`
    if (options.quiet !== true && !warned.has(line)) io.stderr(`warning: ${line}\n`)
    warned.add(line)
  }
  const contenders: Contender[] = []
  const documents: unknown[] = []
  for (const { label, prepared: own } of prepared) {
    if (!sameTraffic(own.scenario, common)) warn(label, `takes the traffic of ${first.label}`)
    const scenario = withTraffic(own.scenario, common)
    if (keepsObjectives(own.scenario) && !same('slo', own.scenario, common))
      warn(label, `is held to its own slo, which it scales by, and not to that of ${first.label}`)
    try {
      const ready = await prepareRun({ ...own, scenario }, traffic)
      for (const text of ready.warnings) warn(label, text)
      const result = simulate(ready.spec)
      contenders.push({ label, deployment: ready.deployment, result })
      const document = resultsDocument(result, { scenario, folders }, ready.warnings)
      documents.push({ label, ...documentIn(io.cwd, document, folders) })
    } catch (error) {
      if (!isSimulatorError(error) || error.code !== 'DOES_NOT_FIT') throw error
      warn(label, error.message)
      contenders.push({ label, problem: 'does not fit' })
      documents.push({ label, error: error.message })
    }
  }
  if (format === 'json') io.stdout(jsonText(documents))
  else printTable(bySchedulers ? schedulerTable(contenders) : comparisonTable(contenders), io)
}

/** Prints a table, and says what to do where the terminal would fold it. */
function printTable(table: string, io: Io): void {
  io.stdout(table)
  const width = Math.max(...table.split('\n').map((line) => line.length))
  if (io.stdoutColumns === undefined || width <= io.stdoutColumns) return
  io.stderr(
    `note: the table is ${width} characters wide and the terminal ${io.stdoutColumns}: widen it, ` +
      'compare fewer at once, or pipe the output into `less -S`\n',
  )
}

interface Labelled {
  readonly label: string
  readonly prepared: PreparedScenario
}

async function prepareAll(
  files: readonly string[],
  { schedulers, ...options }: CompareOptions,
  cwd: string,
): Promise<Labelled[]> {
  if (schedulers !== undefined) return prepareSchedulers(namesOf(schedulers), files, options, cwd)
  const { xpu, ...common } = options
  const xpus = xpu === undefined ? [] : namesOf(xpu)
  if (files.length > 0 && (options.config !== undefined || xpus.length > 1))
    throw new SimulatorError({
      code: 'CONFLICT',
      path: options.config === undefined ? '--xpu' : '--config',
      message: 'names deployments beside those of the files',
      accepted: 'either scenario files, or --xpu a,b,c',
    })
  if (files.length === 0 && xpus.length === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'FILE or --xpu',
      message: 'there is nothing to compare',
      accepted: 'scenario files, --xpu a,b,c, or --schedulers a,b,c',
    })
  const labelled: Labelled[] = []
  for (const config of files) {
    const one = { ...common, config, ...(xpu === undefined ? {} : { xpu }) }
    labelled.push({ label: config, prepared: await prepareScenario(one, cwd) })
  }
  for (const name of files.length > 0 ? [] : xpus)
    labelled.push({
      label: name,
      prepared: await prepareScenario({ ...common, xpu: name }, cwd),
    })
  return labelled
}

/** One deployment under each of the schedulers, whose names go in place of its own. */
async function prepareSchedulers(
  names: readonly string[],
  files: readonly string[],
  options: CompareOptions,
  cwd: string,
): Promise<Labelled[]> {
  const { config = files[0], xpu, ...common } = options
  const deployments = new Set([...files, ...(options.config === undefined ? [] : [config])])
  if (deployments.size > 1 || (xpu !== undefined && namesOf(xpu).length > 1))
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--schedulers',
      message: 'compares schedulers of one deployment, and several are named',
      accepted: 'one scenario file at most, and one accelerator',
    })
  if (common.scheduler !== undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--scheduler',
      message: 'names a scheduler beside those of --schedulers',
      accepted: 'one of the two flags',
    })
  const registries = await loadRegistries(options, cwd)
  for (const name of names) named(registries.schedulers, 'scheduler', name, '--schedulers')
  const labelled: Labelled[] = []
  for (const name of names) {
    const one = {
      ...common,
      scheduler: name,
      ...(config === undefined ? {} : { config }),
      ...(xpu === undefined ? {} : { xpu }),
    }
    const prepared = await prepareScenario(one, cwd)
    refuseOwnSchedulers(prepared.scenario)
    labelled.push({ label: name, prepared })
  }
  return labelled
}

/** A pool with a scheduler of its own would run under that one in each column. */
function refuseOwnSchedulers({ disaggregation, pools = [] }: ResolvedScenario): void {
  for (const pool of ['prefill', 'decode'] as const)
    refuseOwnScheduler(disaggregation?.[pool].scheduler, `disaggregation.${pool}`)
  pools.forEach(({ scheduler }, i) => {
    refuseOwnScheduler(scheduler, `pools[${i}]`)
  })
}

function refuseOwnScheduler(own: SchedulerSection | undefined, path: string): void {
  for (const field of ['name', 'batching_type', 'batching_strategy'] as const)
    if (own?.[field] !== undefined)
      throw new SimulatorError({
        code: 'CONFLICT',
        path: `${path}.scheduler.${field}`,
        message: 'chooses a scheduler beside those of --schedulers',
        given: own[field],
        accepted: 'pools without a scheduler of their own',
      })
}

function namesOf(list: string): string[] {
  return list.split(',').map((name) => name.trim())
}

const trafficFields = [
  'workload',
  'slo',
  'simulation_duration_s',
  'warm_up_duration_s',
  'drain_duration_s',
  'random_seed',
] as const

function same(
  field: (typeof trafficFields)[number],
  own: ResolvedScenario,
  common: ResolvedScenario,
): boolean {
  return JSON.stringify(own[field]) === JSON.stringify(common[field])
}

/** The fields that are those of the first: all but the objectives that a deployment scales by, if it has any. */
function fieldsOfFirst(own: ResolvedScenario): readonly (typeof trafficFields)[number][] {
  return keepsObjectives(own) ? trafficFields.filter((field) => field !== 'slo') : trafficFields
}

/** Whether it has objectives of its own, and replicas that come and go by them. */
function keepsObjectives({ slo, autoscaling, disaggregation, pools }: ResolvedScenario): boolean {
  if (slo === undefined) return false
  const parts = pools ?? [disaggregation?.prefill, disaggregation?.decode]
  return [autoscaling, ...parts.map((pool) => pool?.autoscaling)].some(
    (each) => each?.signal === 'slo',
  )
}

function sameTraffic(own: ResolvedScenario, common: ResolvedScenario): boolean {
  return fieldsOfFirst(own).every((field) => same(field, own, common))
}

function withTraffic(own: ResolvedScenario, common: ResolvedScenario): ResolvedScenario {
  const changed: Record<string, unknown> = { ...own }
  for (const field of fieldsOfFirst(own)) {
    Reflect.deleteProperty(changed, field)
    if (common[field] !== undefined) changed[field] = common[field]
  }
  return changed as unknown as ResolvedScenario
}
