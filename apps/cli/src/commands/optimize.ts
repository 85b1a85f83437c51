import { SimulatorError } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { jsonText } from '../output/results-document.js'
import { answerFiles, writeAnswer } from '../planning/answer-file.js'
import type { EngineChoice, SearchSpace } from '../planning/candidate-space.js'
import { objectivesOf } from '../planning/objective.js'
import { optimizeDocument, optimizeText } from '../planning/optimize-output.js'
import { answerOptimize, type OptimizeQuestion } from '../planning/optimize-study.js'
import { loadStudyScenario } from '../planning/study-scenario.js'
import { inStudy, type StudyOptions } from '../planning/study-session.js'
import { loadRegistries, type Registries, type RegistryOptions } from '../registries.js'
import { isPlainObject, parseNumber, type PlainObject } from '../scenario/assignments.js'
import { findModel } from '../scenario/catalog-entries.js'
import type { ScenarioOptions } from '../scenario/load-scenario.js'
import { scenarioTargets, sloTargets } from '../slo-target.js'
import { oneOf, wholeNumber } from './option-values.js'
import { outputFormat } from './run.js'
import { withFile } from './sweep.js'

export interface OptimizeOptions extends ScenarioOptions, RegistryOptions, StudyOptions {
  readonly accelerators?: string
  readonly maxDevices?: string
  readonly maxPrice?: string
  readonly maxPower?: string
  readonly objective?: string
  readonly serving?: string
  readonly mixAccelerators?: boolean
  readonly tpSizes?: string
  readonly ppSizes?: string
  readonly batchSizes?: string
  readonly batchedTokens?: string
  readonly dtypes?: string
  readonly kvCacheDtypes?: string
  readonly schedulers?: string
  readonly routers?: string
  readonly requests?: string
  readonly rounds?: string
  readonly finalists?: string
  readonly replications?: string
  readonly exhaustive?: boolean
  readonly output?: readonly string[]
  readonly format?: string
}

const usualMaxDevices = 8
const largestDevices = 4096

/** The scheduler of each engine: what its start flags describe. */
const engineSchedulers: Readonly<Record<string, string>> = {
  vllm: 'vllm-v1',
  sglang: 'sglang',
  'tensorrt-llm': 'tensorrt-llm',
}

/** Finds the best deployment for some traffic, or the frontier of several objectives. */
export async function optimize(
  file: string | undefined,
  given: OptimizeOptions,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const { targets: flagged, rest } = sloTargets(withFile(file, given))
  const options: OptimizeOptions = rest
  const format = outputFormat(options.format)
  const files = answerFiles(options.output, io)
  if (files.some(({ kind }) => kind !== 'json') && (options.objective ?? '').split(',').length < 2)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--output',
      message: 'is a chart of two objectives against each other, and there is one',
      accepted: 'a .json file, or --objective A,B',
    })
  const objectives = objectivesOf(options.objective ?? 'cost')
  const xpus = namesOf(options.accelerators)
  const { scenario, folders } = loadStudyScenario(options, io.cwd)
  const registries = await loadRegistries(options, io.cwd)
  const targets = flagged.length > 0 ? flagged : scenarioTargets(scenario.slo)
  if (targets.length === 0 && objectives.some(({ name }) => name.startsWith('goodput')))
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--objective',
      message: 'counts requests that meet objectives, and there are none',
      accepted: '--slo-ttft, --slo-tpot or --slo-e2e beside it',
    })
  const first = wholeNumber('--requests', options.requests, 1e9) ?? 2000
  const rounds = wholeNumber('--rounds', options.rounds, 10) ?? 3
  const question: OptimizeQuestion = {
    base: scenario,
    space: searchSpace(options, xpus, scenario, registries, folders),
    targets,
    objectives,
    maxUsdPerHour: limit('--max-price', options.maxPrice),
    maxRatedWatts: limit('--max-power', options.maxPower),
    horizons: Array.from({ length: rounds }, (_, round) => first * 2 ** round),
    replications:
      options.replications === '0'
        ? 0
        : (wholeNumber('--replications', options.replications, 1000) ?? 3),
    finalists:
      wholeNumber('--finalists', options.finalists, 1000) ?? (objectives.length === 1 ? 5 : 24),
    exhaustive: options.exhaustive === true,
  }
  const description = {
    command: 'optimize',
    ...question,
    objectives: objectives.map(({ name }) => name),
  }
  await inStudy(options, { io, folders, description, exit, label: 'runs' }, async (session) => {
    const answer = await answerOptimize(question, session)
    session.progress.stop()
    const json =
      files.length > 0 || format === 'json'
        ? jsonText(optimizeDocument(question, answer, session.study))
        : ''
    await writeAnswer(files, {
      json,
      command: 'optimize',
      chart: async () => {
        const { frontierChart } = await import('../planning/frontier-chart.js')
        const [one, other] = objectives
        if (one === undefined || other === undefined) throw new Error('a chart of one objective')
        return frontierChart(answer.frontier, [one, other])
      },
    })
    io.stdout(format === 'json' ? json : optimizeText(question, answer, session.study))
    if (options.quiet !== true)
      for (const { target } of files) io.stderr(`results written to ${target.name}\n`)
  })
}

function searchSpace(
  options: OptimizeOptions,
  given: readonly string[],
  scenario: PlainObject,
  registries: Registries,
  folders: readonly string[],
): SearchSpace {
  const cluster = isPlainObject(scenario.cluster) ? scenario.cluster : {}
  const xpus = given.length > 0 ? given : typeof cluster.xpu === 'string' ? [cluster.xpu] : []
  if (xpus.length === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--accelerators',
      message: 'is missing: there is nothing to choose from',
      accepted: 'accelerators with commas between them (llmsim hardware lists them)',
    })
  for (const name of xpus) registries.accelerators.get(name, '--accelerators')
  const model = findModel(scenario.model as string, 'model', registries, folders).entry
  const maxDevices =
    wholeNumber('--max-devices', options.maxDevices, largestDevices) ?? usualMaxDevices
  const powers = Array.from({ length: 13 }, (_, power) => 2 ** power)
  const tps = sizes('--tp-sizes', options.tpSizes) ?? powers
  const experts = model.ffn.kind === 'dense' ? [false] : [false, true]
  return {
    xpus,
    maxDevices,
    tps: tps.filter((tp) => tp <= maxDevices),
    pps: (sizes('--pp-sizes', options.ppSizes) ?? [1, 2, 4]).filter((pp) => pp <= model.layers),
    eps: experts,
    serving: servingOf(options.serving),
    mixedXpus: options.mixAccelerators === true,
    engines: engineChoices(options, scenario, registries),
    routers: optional(options.routers),
  }
}

function engineChoices(
  options: OptimizeOptions,
  scenario: PlainObject,
  registries: Registries,
): EngineChoice[] {
  const own = isPlainObject(scenario.scheduler) ? scenario.scheduler : {}
  const engine = isPlainObject(scenario.engine) ? scenario.engine : {}
  const usual =
    own.name === undefined && own.batching_type === undefined && own.batching_strategy === undefined
      ? engineSchedulers[typeof engine.name === 'string' ? engine.name : 'vllm']
      : undefined
  const schedulers = options.schedulers === undefined ? [usual] : optional(options.schedulers)
  for (const name of schedulers)
    if (name !== undefined && !registries.schedulers.has(name))
      oneOf('--schedulers', name, [...registries.schedulers.keys()])
  const one = (value: unknown): number[] | undefined =>
    typeof value === 'number' ? [value] : undefined
  const batches = sizes('--batch-sizes', options.batchSizes) ?? one(own.max_batch_size) ?? [64, 256]
  const tokens = sizes('--batched-tokens', options.batchedTokens) ??
    one(own.max_num_batched_tokens) ?? [2048, 8192]
  return optional(options.dtypes).flatMap((dtype) =>
    optional(options.kvCacheDtypes).flatMap((kvCacheDtype) =>
      schedulers.flatMap((scheduler) =>
        batches.flatMap((maxBatchSize) =>
          tokens.map((maxBatchedTokens) => ({
            maxBatchSize,
            maxBatchedTokens,
            dtype,
            kvCacheDtype,
            scheduler,
          })),
        ),
      ),
    ),
  )
}

function servingOf(text: string | undefined): SearchSpace['serving'] {
  if (text === undefined) return ['aggregated', 'disaggregated']
  return namesOf(text).map((name) => oneOf('--serving', name, ['aggregated', 'disaggregated']))
}

/** A limit; Infinity without one. */
function limit(flag: string, text: string | undefined): number {
  if (text === undefined) return Infinity
  const value = parseNumber(flag, text, false)
  if (value > 0) return value
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is out of range',
    given: value,
    accepted: 'a number above 0',
  })
}

function sizes(flag: string, list: string | undefined): number[] | undefined {
  if (list === undefined) return undefined
  return [...new Set(namesOf(list).map((text) => wholeNumber(flag, text, 1e9) ?? 1))]
}

function namesOf(list: string | undefined): string[] {
  return list === undefined ? [] : [...new Set(list.split(',').map((name) => name.trim()))]
}

/** The values of a list; without one a single undefined: as the scenario says. */
function optional(list: string | undefined): (string | undefined)[] {
  return list === undefined ? [undefined] : namesOf(list)
}
