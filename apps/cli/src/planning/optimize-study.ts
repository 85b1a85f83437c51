import {
  dominates,
  evaluateAll,
  race,
  ranking,
  type Outlook,
  type Raced,
  type Score,
} from '@llmsim/planner'
import { SimulatorError, type SimulationResult } from '@llmsim/contracts'
import type { PlainObject } from '../scenario/assignments.js'
import { meanSloVerdict, sloVerdict, type SloTarget } from '../slo-target.js'
import { FactFinder, type CandidateFacts } from './candidate-facts.js'
import {
  candidateScenario,
  candidatesOf,
  type Candidate,
  type SearchSpace,
} from './candidate-space.js'
import { underHorizon, withObjectives } from './look-scenario.js'
import { minimised, type Objective } from './objective.js'
import { StudyStopped, type StudySession } from './study-session.js'

/** What is asked for. */
export interface OptimizeQuestion {
  /** The traffic, and all that is not searched. */
  readonly base: PlainObject
  readonly space: SearchSpace
  readonly targets: readonly SloTarget[]
  readonly objectives: readonly Objective[]
  readonly maxUsdPerHour: number
  readonly maxRatedWatts: number
  /** Requests of each round; the last one decides. */
  readonly horizons: readonly number[]
  /** Other seeds under which the best are confirmed. */
  readonly replications: number
  /** How many are confirmed. */
  readonly finalists: number
  /** Every candidate is simulated to the end, and nothing left out. */
  readonly exhaustive: boolean
}

/** A candidate with all that is known of it. */
export interface Contender {
  readonly candidate: Candidate
  readonly facts: CandidateFacts
  readonly scenario: PlainObject
  readonly score: Score
  readonly result: SimulationResult
  /** Objectives as a person reads them. */
  readonly values: readonly (number | null)[]
  /** What is furthest from its limit, in words. */
  readonly reason: string
  /** Requests of its longest look. */
  readonly requests: number
  /** Over all seeds, where it was confirmed. */
  readonly confirmed?: Confirmation
}

export interface Confirmation {
  readonly seeds: number
  /** Whether the mean of each figure over the seeds is within its limit. */
  readonly feasible: boolean
  readonly values: readonly number[]
  readonly reason: string
}

export interface OptimizeAnswer {
  /** Candidates whose replicas fit, within the devices. */
  readonly candidates: number
  /** Candidates that were simulated. */
  readonly evaluated: number
  /** Candidates that were left out, and why. */
  readonly pruned: {
    readonly price: number
    readonly power: number
    readonly objectives: number
    readonly dominated: number
  }
  /** Kinds of replicas that were left out before. */
  readonly refusedReplicas: { readonly memory: number; readonly layout: number }
  /** Candidates that met the objectives in their longest look. */
  readonly feasible: number
  readonly best: Contender | undefined
  /** Candidates that no other is better than in every objective, the best first. */
  readonly frontier: readonly Contender[]
  /** The next best, and the best of those that miss an objective: why they lost. */
  readonly runnerUp: Contender | undefined
  readonly nearMiss: Contender | undefined
  /** Every candidate that was simulated, with its longest look. */
  readonly looked: readonly Contender[]
}

/** Histograms are off by half a percent: bounds leave room for twice that. */
const slack = 0.99
const mostCandidates = 1_000_000

/** Searches a space of deployments for the best, or the frontier of several objectives. */
export async function answerOptimize(
  question: OptimizeQuestion,
  session: StudySession,
): Promise<OptimizeAnswer> {
  const { space, targets, objectives, horizons, exhaustive } = question
  const base = withObjectives(question.base, targets)
  const finder = new FactFinder(session.study, base)
  const all = candidatesOf(space, (shape, engine) => finder.shape(shape, engine) !== undefined)
  checkSize(all.length, finder.refused)
  const [smallest] = all
  const longest = horizons.length - 1
  const traffic =
    smallest === undefined
      ? undefined
      : await finder.traffic(smallest, underHorizon(base, horizons, longest))
  const facts = new Map(all.map((candidate) => [candidate, finder.candidate(candidate, traffic)]))
  const factsOf = (candidate: Candidate): CandidateFacts => {
    const found = facts.get(candidate)
    if (found === undefined) throw new Error('a candidate without facts')
    return found
  }
  const affordable = all.filter((one) => !((factsOf(one).usdPerHour ?? 0) > question.maxUsdPerHour))
  const powered = affordable.filter((one) => factsOf(one).ratedWatts <= question.maxRatedWatts)
  const looked = new Map<Candidate, Contender>()
  const evaluate = async (some: readonly Candidate[], round: number): Promise<Score[]> => {
    const found = await simulateAll(question, base, some, { round, factsOf }, session)
    for (const contender of found) looked.set(contender.candidate, contender)
    return found.map(({ score }) => score)
  }
  const outcome = exhaustive
    ? await withoutRace(powered, longest, evaluate)
    : await race(powered, {
        rounds: horizons.length,
        evaluate,
        least: Math.max(question.finalists, 8),
        bound: (candidate) => outlook(candidate, factsOf(candidate), question),
      })
  const contenders = outcome.ranking.flatMap(({ candidate, round }) => {
    const found = looked.get(candidate)
    return found === undefined ? [] : [{ ...found, round }]
  })
  const final = contenders.filter(({ round }) => round === longest)
  const confirmed = await confirm(question, base, final, session)
  const frontier = frontierOf(confirmed, objectives)
  const [best] = frontier
  return {
    candidates: all.length,
    evaluated: looked.size,
    pruned: {
      price: all.length - affordable.length,
      power: affordable.length - powered.length,
      objectives: outcome.infeasible.length,
      dominated: outcome.dominated.length,
    },
    refusedReplicas: finder.refused,
    feasible: [...looked.values()].filter(({ score }) => score.feasible).length,
    best,
    frontier: objectives.length === 1 ? frontier.slice(0, 1) : frontier,
    runnerUp: best && runnerUpOf(best, [...confirmed, ...contenders].filter(holds)),
    nearMiss: nearMissOf(best, [...confirmed, ...looked.values()]),
    looked: [...looked.values()],
  }
}

/** The next best on other devices; on the same with other limits, where there is none. */
function runnerUpOf(best: Contender, ranked: readonly Contender[]): Contender | undefined {
  const own = JSON.stringify(best.candidate.pools)
  const others = ranked.filter(({ candidate }) => candidate !== best.candidate)
  return others.find(({ candidate }) => JSON.stringify(candidate.pools) !== own) ?? others[0]
}

function holds({ score, confirmed }: Contender): boolean {
  return confirmed?.feasible ?? score.feasible
}

/** The best in the first objective of those that miss a constraint, where it would be better. */
function nearMissOf(best: Contender | undefined, all: readonly Contender[]): Contender | undefined {
  const value = (one: Contender): number => one.score.objectives[0] ?? Infinity
  const limit = best === undefined ? Infinity : value(best)
  const missed = all.filter(
    (one) => !holds(one) && Number.isFinite(one.score.violation) && value(one) < limit,
  )
  missed.sort((a, b) => a.score.violation - b.score.violation)
  return missed[0]
}

/** Every candidate to the end: what a race is compared with. */
async function withoutRace(
  candidates: readonly Candidate[],
  round: number,
  evaluate: (some: readonly Candidate[], round: number) => Promise<Score[]>,
): Promise<{ ranking: Raced<Candidate>[]; infeasible: Candidate[]; dominated: Candidate[] }> {
  const scores = await evaluate(candidates, round)
  const entries = candidates.flatMap((candidate, index) => {
    const score = scores[index]
    return score === undefined ? [] : [{ candidate, score, round }]
  })
  return { ranking: ranking(entries, 1), infeasible: [], dominated: [] }
}

/** What the cost model alone says of a candidate. */
export function outlook(
  candidate: Candidate,
  facts: CandidateFacts,
  { targets, objectives }: Pick<OptimizeQuestion, 'targets' | 'objectives'>,
): Outlook {
  const within = targets.every((target) => {
    if (target.latency === 'tpot') return slack * facts.tpotSeconds <= target.seconds
    if (target.latency !== 'ttft') return true
    return slack * facts.ttftSeconds(shareOf(target)) <= target.seconds
  })
  return {
    feasible: within,
    objectives: objectives.map((objective) => {
      const bound = minimised(objective, objective.bound(candidate.devices, facts))
      return bound < 0 ? bound / slack : bound * slack
    }),
  }
}

/** Requests that may be missing from a latency while objectives count as met, and as many again. */
const allowance = 0.025

/** A share of the requests that is surely below a quantile of those that were served. */
function shareOf({ quantile }: SloTarget): number {
  const share = /^p(\d+)$/.exec(quantile)?.[1]
  return share === undefined ? 0 : Math.max(0, Number(share) / 100 - allowance)
}

interface Look {
  readonly round: number
  readonly factsOf: (candidate: Candidate) => CandidateFacts
}

async function simulateAll(
  question: OptimizeQuestion,
  base: PlainObject,
  candidates: readonly Candidate[],
  { round, factsOf }: Look,
  { study, progress, interruption }: StudySession,
): Promise<Contender[]> {
  const { horizons, targets, objectives } = question
  const look = underHorizon(base, horizons, round)
  progress.expect(candidates.length)
  const scenarios = candidates.map((candidate) => candidateScenario(look, candidate))
  const outcomes = await evaluateAll(scenarios, study, {
    signal: interruption,
    onOutcome: () => progress.advance(),
  })
  if (interruption.aborted) throw new StudyStopped('stopped')
  return candidates.map((candidate, index) => {
    const outcome = outcomes[index]?.outcome
    const scenario = scenarios[index] ?? {}
    if (outcome?.result === undefined)
      throw new SimulatorError({
        code: 'CONFLICT',
        path: outcome?.error.path ?? 'optimize',
        message: outcome?.error.message ?? 'a candidate came to nothing',
      })
    const { result } = outcome
    const facts = factsOf(candidate)
    const values = objectives.map((objective) => objective.value(result, candidate.devices, facts))
    const { met, worst, reason } = sloVerdict(result, targets)
    return {
      candidate,
      facts,
      scenario,
      result,
      values,
      reason,
      requests: result.total_requests,
      score: {
        feasible: met,
        violation: worst,
        objectives: objectives.map((objective, at) => minimised(objective, values[at] ?? null)),
      },
    }
  })
}

/** Runs the best again under other seeds; the order is that of the means over all seeds. */
async function confirm(
  question: OptimizeQuestion,
  base: PlainObject,
  contenders: readonly Contender[],
  session: StudySession,
): Promise<Contender[]> {
  const { replications, finalists, objectives, targets, horizons } = question
  const some = contenders.filter(({ score }) => score.feasible).slice(0, finalists)
  if (replications === 0 || some.length === 0) return [...some]
  const seed = typeof base.random_seed === 'number' ? base.random_seed : 0
  const results = new Map(some.map((contender) => [contender, [contender.result]]))
  for (let other = 1; other <= replications; other++) {
    const found = await simulateAll(
      question,
      { ...base, random_seed: seed + other },
      some.map(({ candidate }) => candidate),
      {
        round: horizons.length - 1,
        factsOf: (candidate) => {
          const own = some.find((one) => one.candidate === candidate)
          if (own === undefined) throw new Error('a candidate without facts')
          return own.facts
        },
      },
      session,
    )
    for (const [index, { result }] of found.entries()) {
      const own = some[index]
      if (own !== undefined) results.get(own)?.push(result)
    }
  }
  const confirmed = some.map((contender): Contender => {
    const own = results.get(contender) ?? []
    const verdict = meanSloVerdict(own, targets)
    const values = objectives.map((objective) =>
      mean(
        own.map((result) =>
          minimised(
            objective,
            objective.value(result, contender.candidate.devices, contender.facts),
          ),
        ),
      ),
    )
    return {
      ...contender,
      score: { feasible: verdict.met, violation: verdict.worst, objectives: values },
      confirmed: {
        seeds: own.length,
        feasible: verdict.met,
        values: values.map((value, at) => (objectives[at]?.better === 'more' ? -value : value)),
        reason: verdict.reason,
      },
    }
  })
  return ranking(confirmed, 1)
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

/** Contenders that keep every constraint and that none of the others dominates, the best first. */
function frontierOf(
  contenders: readonly Contender[],
  objectives: readonly Objective[],
): Contender[] {
  const feasible = contenders.filter(holds)
  if (objectives.length === 1) return feasible
  return feasible.filter(
    ({ score }) => !feasible.some((other) => dominates(other.score.objectives, score.objectives)),
  )
}

function checkSize(count: number, refused: { memory: number; layout: number }): void {
  if (count > 0 && count <= mostCandidates) return
  throw new SimulatorError({
    code: count === 0 ? 'DOES_NOT_FIT' : 'INVALID_VALUE',
    path: '--max-devices',
    message:
      count === 0
        ? `leaves no deployment: ${refused.memory} kinds of replica do not fit, ${refused.layout} do not suit the model`
        : `makes ${count} deployments`,
    accepted:
      count === 0 ? 'more devices, or devices with more memory' : `at most ${mostCandidates}`,
  })
}
