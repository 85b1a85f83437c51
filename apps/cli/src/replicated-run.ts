import {
  SimulatorError,
  type ErrorDetails,
  type Replications,
  type SimulationResult,
} from '@llmsim/contracts'
import { replicationsOf } from '@llmsim/metrics'
import { evaluateAll } from '@llmsim/planner'
import { availableParallelism } from 'node:os'
import { wholeNumber } from './commands/option-values.js'
import type { ResultsSections } from './output/results-document.js'
import type { RegistryOptions } from './registries.js'
import { outcomeOf, type OutcomeText } from './planning/point-job.js'
import { threadExecutor } from './planning/thread-executor.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** What `--replications` and `--jobs` say. */
export interface ReplicationOptions extends RegistryOptions {
  /** Runs in all, that of the scenario's own seed included. */
  readonly count: number
  /** Threads at most; one for each core when absent. */
  readonly jobs?: number
}

/** Reads the flags: nothing without `--replications`. Throws `SimulatorError` at the one at fault. */
export function replicationOptions({
  replications,
  jobs,
  catalog,
  plugin,
}: RegistryOptions & {
  readonly replications?: string
  readonly jobs?: string
}): ReplicationOptions | undefined {
  const count = wholeNumber('--replications', replications, 10_000)
  const threads = wholeNumber('--jobs', jobs, 1024)
  if (threads !== undefined && count === undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--jobs',
      message: 'says how many threads replications run on, and there are none',
      accepted: '--replications beside it',
    })
  if (count === undefined) return undefined
  return {
    count,
    ...(threads === undefined ? {} : { jobs: threads }),
    ...(catalog === undefined ? {} : { catalog }),
    ...(plugin === undefined ? {} : { plugin }),
  }
}

/** Replications of a scenario whose seed is known. */
export type SeededReplications = Omit<ReplicationOptions, 'count'> & {
  readonly seeds: readonly number[]
}

/** The seeds from `first` on. Throws `SimulatorError` where they run out. */
export function seeded(
  { count, ...options }: ReplicationOptions,
  first: number,
): SeededReplications {
  const seeds = Array.from({ length: count }, (_, i) => first + i)
  if (Number.isSafeInteger(seeds.at(-1))) return { ...options, seeds }
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: '--replications',
    message: `leaves no seeds after ${first}`,
    given: count,
    accepted: 'fewer replications, or a lower seed',
  })
}

/** Where the names and paths of a scenario lead. */
interface Places {
  readonly cwd: string
  readonly folders: readonly string[]
}

/** What replications add to a results file. */
export interface ReplicatedRun {
  readonly sections: ResultsSections
  readonly warnings: readonly string[]
}

/**
 * Runs a scenario under the seeds after its own, on threads, and gives the figures of all with their
 * intervals: the same bytes in whatever order the runs end.
 *
 * @param first the result under the scenario's own seed.
 */
export async function replicated(
  scenario: ResolvedScenario,
  first: SimulationResult,
  { seeds, jobs = Infinity, catalog = [], plugin = [], ...places }: SeededReplications & Places,
): Promise<ReplicatedRun> {
  const others = seeds.slice(1)
  const context = { catalog, plugin, ...places }
  const executor = await threadExecutor(Math.min(jobs, others.length, availableParallelism()))
  try {
    const points = others.map((seed) => ({
      context,
      scenario: { ...scenario, random_seed: seed },
    }))
    const results = (await evaluateAll(points, executor)).map(resultOf)
    const replications = replicationsOf([first, ...results], seeds)
    const idle = seedsAreIdle(replications)
    return { sections: { replications }, warnings: idle ? [idleSeeds] : [] }
  } finally {
    await executor.close()
  }
}

/** The figures of a run. Throws the error that it ended with. */
function resultOf(text: OutcomeText): SimulationResult {
  const { result, error } = outcomeOf(text)
  if (error !== undefined) throw new SimulatorError(error as ErrorDetails)
  return result
}

const idleSeeds =
  'no figure differs between the seeds: nothing in this scenario is drawn, and the intervals say nothing'

/** Whether the seeds made no difference to any figure. */
function seedsAreIdle({ seeds, figures }: Replications): boolean {
  return seeds.length > 1 && Object.values(figures).every(({ std }) => std === null || std === 0)
}
