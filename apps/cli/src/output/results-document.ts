import type {
  MemoryBreakdown,
  Replications,
  SimulationResult,
  StepFigures,
  TimeSeries,
} from '@llmsim/contracts'
import { createRequire } from 'node:module'
import type { PreparedScenario } from '../prepared-run.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import { seenFrom, traceHash } from '../scenario/trace-place.js'

/** What the command line knows of a run beside its result. */
export interface ResultsSections {
  readonly memory_breakdown?: MemoryBreakdown[]
  readonly operators?: StepFigures[]
  readonly replications?: Replications
  readonly time_series?: TimeSeries
}

/** What a results file holds: the figures, and all that is needed to make them again. */
export interface ResultsDocument extends SimulationResult, ResultsSections {
  readonly scenario: ResolvedScenario
  /** SHA-256 of the trace that was replayed. */
  readonly trace_sha256?: string
  /** Versions of the packages that computed it. */
  readonly versions: Readonly<Record<string, string>>
}

const packages = [
  'catalog-hardware',
  'catalog-models',
  'contracts',
  'cost-models',
  'engine',
  'metrics',
  'routers',
  'schedulers',
  'simulator',
  'workloads',
]

export function resultsDocument(
  result: SimulationResult,
  { scenario, folders }: Pick<PreparedScenario, 'scenario' | 'folders'>,
  warnings: readonly string[],
  sections: ResultsSections = {},
): ResultsDocument {
  const trace = traceHash(scenario, folders)
  return {
    ...result,
    warnings: [...warnings, ...result.warnings],
    ...sections,
    scenario,
    ...(trace === undefined ? {} : { trace_sha256: trace }),
    versions: packageVersions(),
  }
}

/** The same results as a file in `folder` holds them, from where they lead to the same trace. */
export function documentIn(
  folder: string,
  results: ResultsDocument,
  folders: readonly string[],
): ResultsDocument {
  return { ...results, scenario: seenFrom(folder, results.scenario, folders) }
}

/** Versions of the packages that compute a result. */
export function packageVersions(): Record<string, string> {
  const load = createRequire(import.meta.url)
  const versionOf = (name: string): string => (load(name) as { version: string }).version
  return Object.fromEntries([
    ['@llmsim/cli', versionOf('../../package.json')],
    ...packages.map((name) => [`@llmsim/${name}`, versionOf(`@llmsim/${name}/package.json`)]),
  ]) as Record<string, string>
}

/** A value as the text of a JSON file. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
