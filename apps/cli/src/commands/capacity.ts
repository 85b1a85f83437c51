import { SimulatorError } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { duration, figure, percent } from '../output/figures.js'
import { jsonText, packageVersions } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { answerFiles, writeAnswer } from '../planning/answer-file.js'
import {
  answerCapacity,
  type CapacityAnswer,
  type CapacityQuestion,
  type LoadKind,
  type SeedCapacity,
} from '../planning/capacity-study.js'
import { seedLines } from '../planning/seed-limits.js'
import { loadStudyScenario } from '../planning/study-scenario.js'
import { inStudy, type StudyOptions } from '../planning/study-session.js'
import type { RegistryOptions } from '../registries.js'
import { isPlainObject, parseNumber, type PlainObject } from '../scenario/assignments.js'
import type { ScenarioOptions } from '../scenario/load-scenario.js'
import { scenarioTargets, sloTargets, sloText } from '../slo-target.js'
import { oneOf, wholeNumber } from './option-values.js'
import { outputFormat } from './run.js'
import { withFile } from './sweep.js'

export interface CapacityOptions extends ScenarioOptions, RegistryOptions, StudyOptions {
  readonly of?: string
  readonly precision?: string
  readonly replications?: string
  readonly maxRuns?: string
  readonly output?: readonly string[]
  readonly format?: string
}

/** Requests of each run where the scenario says neither how many nor how long. */
export const usualRequests = 2000
const usualReplications = 4
const level = 0.95

/** Finds the most traffic that a deployment serves within its objectives. */
export async function capacity(
  file: string | undefined,
  given: CapacityOptions,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const { targets: flagged, rest } = sloTargets(withFile(file, given))
  const options: CapacityOptions = rest
  const format = outputFormat(options.format)
  const files = answerFiles(options.output, io)
  const { scenario, folders } = loadStudyScenario(options, io.cwd)
  const targets = flagged.length > 0 ? flagged : scenarioTargets(scenario.slo)
  if (targets.length === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--slo-ttft, --slo-tpot or --slo-e2e',
      message: 'is missing: without objectives there is no capacity',
      accepted: 'at least one, such as --slo-ttft p99=1s --slo-tpot p95=50ms',
    })
  const workload = isPlainObject(scenario.workload) ? scenario.workload : {}
  const kind = loadKind(options.of, workload)
  const question: CapacityQuestion = {
    scenario: withHorizon(scenario),
    targets,
    kind,
    precision: share('--precision', options.precision) ?? 0.005,
    mostTrials: wholeNumber('--max-runs', options.maxRuns, 1000) ?? 15,
    replications: replicationsOf(options.replications),
    level,
  }
  const description = { command: 'capacity', ...question }
  await inStudy(
    options,
    { io, folders, description, exit, label: 'runs at most' },
    async (session) => {
      const answer = await answerCapacity(question, session)
      session.progress.stop()
      const json = jsonText(capacityDocument(question, answer))
      await writeAnswer(files, {
        json,
        command: 'capacity',
        chart: async () =>
          (await import('../planning/capacity-chart.js')).capacityChart(
            kind,
            answer.capacity.trials,
            answer.capacity.load,
          ),
      })
      io.stdout(format === 'json' ? json : capacityText(question, answer))
      if (options.quiet !== true)
        for (const { target } of files) io.stderr(`results written to ${target.name}\n`)
    },
  )
}

/** A scenario of so many requests, unless it says how long it is. */
export function withHorizon(scenario: PlainObject): PlainObject {
  const workload = isPlainObject(scenario.workload) ? scenario.workload : {}
  if (scenario.simulation_duration_s !== undefined || workload.num_requests !== undefined)
    return scenario
  return { ...scenario, workload: { ...workload, num_requests: usualRequests } }
}

function loadKind(given: string | undefined, workload: PlainObject): LoadKind {
  if (workload.trace !== undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'workload.trace',
      message: 'brings its own arrivals, whose rate cannot be searched',
      accepted: 'lengths that are drawn (llmsim trace inspect prints those of a trace)',
    })
  if (given !== undefined) return oneOf('--of', given, ['rate', 'concurrency'])
  return workload.concurrency === undefined ? 'rate' : 'concurrency'
}

function replicationsOf(text: string | undefined): number {
  return text === '0' ? 0 : (wholeNumber('--replications', text, 1000) ?? usualReplications)
}

function share(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = parseNumber(flag, text, false)
  if (value > 0 && value < 1) return value
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is out of range',
    given: value,
    accepted: 'a share of the load above 0 and below 1, such as 0.005',
  })
}

function capacityDocument(question: CapacityQuestion, answer: CapacityAnswer): unknown {
  const { capacity: found, replicationRuns } = answer
  return {
    load: question.kind === 'rate' ? 'requests_per_sec' : 'concurrency',
    capacity: found.load,
    exceeded_at: Number.isFinite(found.exceeded) ? found.exceeded : null,
    precise: found.precise,
    objectives: question.targets,
    confidence: confidence(answer),
    runs: { search: runsOf(question, answer), replications: replicationRuns },
    curve: curve(answer).map(({ load, met, worst, result }) => ({
      load,
      met,
      worst: Number.isFinite(worst) ? worst : null,
      requests_per_sec: result.throughput.requests_per_sec,
      tokens_per_sec: result.throughput.tokens_per_sec,
      ttft: result.first_token_latency,
      tpot: result.time_per_output_token,
      e2e: result.end_to_end_latency,
    })),
    scenario: question.scenario,
    versions: packageVersions(),
  }
}

/** A seed with which every load that was tried meets the objectives, or none, has no capacity to average. */
function confidence({ perSeed, interval }: CapacityAnswer): unknown {
  if (perSeed.length < 2) return null
  const seedsWith = (limit: SeedCapacity['limit']): number[] =>
    perSeed.filter((each) => each.limit === limit).map(({ seed }) => seed)
  return {
    level,
    mean: interval?.mean ?? null,
    halfWidth: interval?.halfWidth ?? null,
    per_seed: perSeed.map(({ load, limit }) => (limit === 'found' ? load : null)),
    unlimited_seeds: seedsWith('all met'),
    unmet_seeds: seedsWith('none met'),
  }
}

function curve({ capacity: found }: CapacityAnswer): CapacityAnswer['capacity']['trials'] {
  return found.trials.toSorted((one, other) => one.load - other.load)
}

/** The run that overloads the deployment counts. */
function runsOf({ kind }: CapacityQuestion, { capacity: found }: CapacityAnswer): number {
  return found.trials.length + (kind === 'rate' ? 1 : 0)
}

function capacityText(question: CapacityQuestion, answer: CapacityAnswer): string {
  const { capacity: found, replicationRuns } = answer
  const unit = question.kind === 'rate' ? 'requests/s' : 'requests at a time'
  const objectives = question.targets.map(sloText).join(', ')
  const headline =
    found.load === 0
      ? `No load meets ${objectives}: ${found.trials.at(-1)?.reason ?? ''}`
      : !Number.isFinite(found.exceeded)
        ? `Every load up to ${figure(found.load)} ${unit} meets ${objectives}`
        : `${figure(found.load)} ${unit} meet ${objectives}${missedFrom(found)}`
  const table = textTable([
    ['load', 'tokens/s', 'TTFT p99', 'TPOT p95', 'E2E p99', 'of the limit', ''],
    ...curve(answer).map(({ load, met, worst, result }) => [
      figure(load),
      figure(result.throughput.tokens_per_sec),
      duration(result.first_token_latency.p99),
      duration(result.time_per_output_token.p95),
      duration(result.end_to_end_latency.p99),
      Number.isFinite(worst) ? percent(worst) : 'lost requests',
      met ? 'met' : 'missed',
    ]),
  ])
  return (
    `${headline}\n${seedLines(answer, level, unit)}\n${table}\n\n` +
    `${runsOf(question, answer)} runs to find it, ${replicationRuns} for the interval\n`
  )
}

/** Too few runs leave a wide gap between the load that is met and the one that is not. */
function missedFrom({ precise, exceeded }: CapacityAnswer['capacity']): string {
  return precise ? '' : `; ${figure(exceeded)} do not (more --max-runs find where between)`
}
