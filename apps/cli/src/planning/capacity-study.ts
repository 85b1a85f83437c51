import { findCapacity, type Capacity, type LoadTrial } from '@llmsim/planner'
import { SimulatorError, type SimulationResult } from '@llmsim/contracts'
import { confidenceHalfWidth, sampleOf } from '@llmsim/metrics'
import { assign, type PlainObject } from '../scenario/assignments.js'
import { sloVerdict, type SloTarget } from '../slo-target.js'
import { StudyStopped, type StudySession } from './study-session.js'

/** Whether a load is a rate of arrivals or a number of requests in the system. */
export type LoadKind = 'rate' | 'concurrency'

/** One run of a capacity search. */
export interface CapacityTrial extends LoadTrial {
  readonly result: SimulationResult
  readonly worst: number
  readonly reason: string
}

export interface CapacityQuestion {
  readonly scenario: PlainObject
  readonly targets: readonly SloTarget[]
  readonly kind: LoadKind
  readonly precision: number
  readonly mostTrials: number
  /** Other seeds for the confidence interval, 0: none. */
  readonly replications: number
  readonly level: number
}

export interface CapacityAnswer {
  readonly capacity: Capacity<CapacityTrial>
  /** Capacities of all seeds, that of the scenario first. */
  readonly perSeed: readonly number[]
  /** Mean of them, and half the width of its confidence interval; absent without replications. */
  readonly interval?: { readonly mean: number; readonly halfWidth: number }
  /** Runs that the other seeds took. */
  readonly replicationRuns: number
}

/** Where the search begins, as a share of what the deployment does when it is overloaded. */
const startShare = 0.8
/** Steps from there, and from the capacity of another seed. */
const growth = 1.25
const nearGrowth = 1.02
/** Requests per second that overload anything. */
const overload = 1e6
const firstConcurrency = 16

/** The most load that meets objectives, and how sure that is. */
export async function answerCapacity(
  question: CapacityQuestion,
  session: StudySession,
): Promise<CapacityAnswer> {
  const { scenario, kind, precision, mostTrials, replications, level } = question
  const seed = typeof scenario.random_seed === 'number' ? scenario.random_seed : 0
  session.progress.expect(mostTrials + replications * 7)
  const whole = kind === 'concurrency'
  const start = whole ? firstConcurrency : startShare * (await serviceRate(question, seed, session))
  const search = { precision, whole }
  const capacity = await findCapacity({
    ...search,
    start,
    growth: whole ? 2 : growth,
    // The run that overloads it is one of them.
    mostTrials: whole ? mostTrials : mostTrials - 1,
    trial: (load) => trialAt(question, load, seed, session),
  })
  const seeds = Array.from({ length: capacity.load > 0 ? replications : 0 }, (_, i) => seed + 1 + i)
  const others = await Promise.all(
    seeds.map((other) =>
      findCapacity({
        ...search,
        start: capacity.load,
        growth: whole ? 1.1 : nearGrowth,
        mostTrials,
        trial: (load) => trialAt(question, load, other, session),
      }),
    ),
  )
  const perSeed = [capacity.load, ...others.map(({ load }) => load)]
  const sample = sampleOf(perSeed)
  return {
    capacity,
    perSeed,
    ...(others.length === 0
      ? {}
      : { interval: { mean: sample.mean, halfWidth: confidenceHalfWidth(sample, level) } }),
    replicationRuns: others.reduce((sum, { trials }) => sum + trials.length, 0),
  }
}

/** Requests per second that the deployment serves when there are always more. */
async function serviceRate(
  question: CapacityQuestion,
  seed: number,
  session: StudySession,
): Promise<number> {
  const { result } = await trialAt(question, overload, seed, session)
  const { completed_requests: completed, simulation_time: seconds } = result
  if (completed === 0)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'workload',
      message: 'holds no request that the deployment can serve',
      accepted: 'shorter requests, or more memory',
    })
  return completed / seconds
}

async function trialAt(
  { scenario, targets, kind }: CapacityQuestion,
  load: number,
  seed: number,
  { study, progress, interruption }: StudySession,
): Promise<CapacityTrial> {
  if (interruption.aborted) throw new StudyStopped('stopped')
  const { outcome } = await study.evaluate(scenarioUnder(scenario, kind, load, seed))
  progress.advance()
  if (outcome.result === undefined)
    throw new SimulatorError({
      code: outcome.error.code === 'DOES_NOT_FIT' ? 'DOES_NOT_FIT' : 'CONFLICT',
      path: outcome.error.path,
      message: outcome.error.message,
    })
  return { load, result: outcome.result, ...sloVerdict(outcome.result, targets) }
}

/** A scenario under another load, with the requests of a seed. */
export function scenarioUnder(
  scenario: PlainObject,
  kind: LoadKind,
  load: number,
  seed: number,
): PlainObject {
  const loaded = structuredClone(scenario)
  const field = kind === 'rate' ? 'workload.arrival_rate' : 'workload.concurrency'
  const others =
    kind === 'rate'
      ? ['workload.concurrency']
      : ['workload.arrival_rate', 'workload.arrival_process', 'workload.cv']
  for (const other of others) assign(loaded, { field: other, value: null, source: '' })
  assign(loaded, { field, value: load, source: '' })
  assign(loaded, { field: 'random_seed', value: seed, source: '' })
  return loaded
}
