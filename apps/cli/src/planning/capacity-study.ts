import { findCapacity, type Capacity, type LoadTrial } from '@llmsim/planner'
import { SimulatorError, type SimulationResult } from '@llmsim/contracts'
import { confidenceHalfWidth, sampleOf } from '@llmsim/metrics'
import { assign, isPlainObject, type PlainObject } from '../scenario/assignments.js'
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
  readonly perSeed: readonly SeedCapacity[]
  /**
   * Mean of those that have a limit, and half the width of its confidence interval; absent where fewer than two
   * have one.
   */
  readonly interval?: { readonly mean: number; readonly halfWidth: number }
  /** Runs that the other seeds took. */
  readonly replicationRuns: number
}

/** What a search found with the random numbers of one seed. */
export interface SeedCapacity {
  readonly seed: number
  readonly load: number
  /** `found`: between a load that meets the objectives and one that does not; or all that were tried do, or none. */
  readonly limit: 'found' | 'none met' | 'all met'
}

/** Where the search begins, as a share of what the deployment does when it is overloaded. */
const startShare = 0.8
/** Steps from there, and from the capacity of another seed. */
const growth = 1.25
const nearGrowth = 1.02
/** Requests per second that overload anything: so many come practically at once. */
const overload = 1e6
/** Requests of the run that overloads it, where only its length says how many there are. */
const overloadRequests = 1e6
/** Beyond so many times what it serves, more arrivals in the same time only lengthen the queue. */
const beyondService = 100
const firstConcurrency = 16
const mostConcurrency = 1e6

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
  const search = { precision, whole, most: mostLoad(question, start) }
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
  const perSeed = [capacity, ...others].map((found, i) => ({
    seed: seed + i,
    load: found.load,
    limit: limitOf(found),
  }))
  const limits = perSeed.filter(({ limit }) => limit === 'found').map(({ load }) => load)
  const sample = sampleOf(limits)
  return {
    capacity,
    perSeed,
    ...(limits.length < 2
      ? {}
      : { interval: { mean: sample.mean, halfWidth: confidenceHalfWidth(sample, level) } }),
    replicationRuns: others.reduce((sum, { trials }) => sum + trials.length, 0),
  }
}

/** Where one request at a time is too much, none is what it takes. */
function limitOf({ load, exceeded }: Capacity<CapacityTrial>): SeedCapacity['limit'] {
  if (exceeded === Infinity) return 'all met'
  return load > 0 || exceeded === 1 ? 'found' : 'none met'
}

/**
 * The most load that is tried. A number of requests can come at once, and not be more of them at a time; where
 * a run has a length instead, more come the higher the rate is.
 */
function mostLoad({ scenario, kind }: CapacityQuestion, start: number): number {
  const { requests, seconds } = horizonOf(scenario)
  if (kind === 'concurrency') return Math.min(mostConcurrency, requests)
  if (requests < Infinity) return overload
  return Math.min(overload, Math.max(overloadRequests / seconds, beyondService * start))
}

/** How many requests a scenario has, and how long they arrive; Infinity where it does not say. */
function horizonOf(scenario: PlainObject): { requests: number; seconds: number } {
  const workload = isPlainObject(scenario.workload) ? scenario.workload : {}
  const { num_requests: requests } = workload
  const { simulation_duration_s: seconds } = scenario
  return {
    requests: typeof requests === 'number' ? requests : Infinity,
    seconds: typeof seconds === 'number' ? seconds : Infinity,
  }
}

/** Requests per second that the deployment serves when there are always more. */
async function serviceRate(
  question: CapacityQuestion,
  seed: number,
  session: StudySession,
): Promise<number> {
  const { requests, seconds: length } = horizonOf(question.scenario)
  const rate = requests < Infinity ? overload : Math.min(overload, overloadRequests / length)
  const { result } = await trialAt(question, rate, seed, session)
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
