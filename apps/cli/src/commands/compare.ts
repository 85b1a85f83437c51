import { isSimulatorError, SimulatorError } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import type { Io } from '../io.js'
import { comparisonTable, type Contender } from '../output/comparison-table.js'
import { jsonText, resultsDocument } from '../output/results-document.js'
import { prepareRun, prepareScenario, type PreparedScenario } from '../prepared-run.js'
import { withOrigin } from '../scenario/field-origins.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import { trafficOf } from '../traffic.js'
import { outputFormat, type RunOptions } from './run.js'

/** Runs several deployments on the same requests and prints them side by side. */
export async function compare(
  files: readonly string[],
  options: RunOptions & { readonly xpu?: string },
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
  const warn = (text: string): void => {
    if (options.quiet !== true) io.stderr(`warning: ${text}\n`)
  }
  const contenders: Contender[] = []
  const documents: unknown[] = []
  for (const { label, prepared: own } of prepared) {
    if (!sameTraffic(own.scenario, common)) warn(`${label}: takes the traffic of ${first.label}`)
    const scenario = withTraffic(own.scenario, common)
    try {
      const ready = await prepareRun({ ...own, scenario }, traffic)
      for (const text of ready.warnings) warn(`${label}: ${text}`)
      const result = simulate(ready.spec)
      contenders.push({ label, deployment: ready.deployment, result })
      documents.push({ label, ...resultsDocument(result, scenario, ready.warnings) })
    } catch (error) {
      if (!isSimulatorError(error) || error.code !== 'DOES_NOT_FIT') throw error
      warn(`${label}: ${error.message}`)
      contenders.push({ label, problem: 'does not fit' })
      documents.push({ label, error: error.message })
    }
  }
  io.stdout(format === 'json' ? jsonText(documents) : comparisonTable(contenders))
}

interface Labelled {
  readonly label: string
  readonly prepared: PreparedScenario
}

async function prepareAll(
  files: readonly string[],
  options: RunOptions & { readonly xpu?: string },
  cwd: string,
): Promise<Labelled[]> {
  const { xpu, ...common } = options
  const xpus = xpu?.split(',').map((name) => name.trim()) ?? []
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
      accepted: 'scenario files, or --xpu a,b,c',
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

const trafficFields = [
  'workload',
  'slo',
  'simulation_duration_s',
  'warm_up_duration_s',
  'drain_duration_s',
  'random_seed',
] as const

function sameTraffic(own: ResolvedScenario, common: ResolvedScenario): boolean {
  return trafficFields.every(
    (field) => JSON.stringify(own[field]) === JSON.stringify(common[field]),
  )
}

function withTraffic(own: ResolvedScenario, common: ResolvedScenario): ResolvedScenario {
  const changed: Record<string, unknown> = { ...own }
  for (const field of trafficFields) {
    Reflect.deleteProperty(changed, field)
    if (common[field] !== undefined) changed[field] = common[field]
  }
  return changed as unknown as ResolvedScenario
}
