import { dominates, paretoRanks } from './pareto.js'

/** What a candidate came to. */
export interface Score {
  /** Whether it keeps every constraint. */
  readonly feasible: boolean
  /** How far it is from keeping them: at most 1 where it does; the larger, the further. */
  readonly violation: number
  /** Numbers of which less is better. */
  readonly objectives: readonly number[]
}

/** The best that a candidate can come to, known without evaluating it. */
export interface Outlook {
  /** False: it keeps the constraints under no circumstances. */
  readonly feasible: boolean
  /** None of its objectives can be below these. */
  readonly objectives: readonly number[]
}

export interface RaceOptions<Candidate> {
  /** How many rounds there are; the last one decides. */
  readonly rounds: number
  /** One candidate in so many goes on to the next round: 4 when absent. */
  readonly reduction?: number
  /** As many go on at least: 8 when absent. */
  readonly least?: number
  /**
   * Violations up to this are let go on where the objectives are good, since a longer look may show them
   * feasible: by round, 1.1 when absent. The last round has none.
   */
  readonly margin?: number
  /** Evaluates some candidates in one round: the later the round, the longer the look. */
  evaluate(candidates: readonly Candidate[], round: number): Promise<readonly Score[]>
  /** What is known of a candidate before it is evaluated; absent: nothing. */
  bound?(candidate: Candidate): Outlook
}

/** A candidate with what it came to in the last round that it took part in. */
export interface Raced<Candidate> {
  readonly candidate: Candidate
  readonly score: Score
  /** From 0 on. */
  readonly round: number
}

export interface RaceResult<Candidate> {
  /** Those of the last round, the best first; then those of the rounds before. */
  readonly ranking: readonly Raced<Candidate>[]
  /** Candidates that cannot keep the constraints, by their bound. */
  readonly infeasible: readonly Candidate[]
  /** Candidates that cannot be better than one that was evaluated to the end, by their bound. */
  readonly dominated: readonly Candidate[]
}

/**
 * Races candidates: all are looked at for a short while, the better of them for longer, until few are
 * looked at for as long as it takes (successive halving: K. Jamieson and A. Talwalkar, "Non-stochastic
 * best arm identification and hyperparameter optimization", AISTATS 2016).
 *
 * Before that, bounds take out what cannot win. The candidates that promise most are evaluated to the
 * end until one is feasible; every other whose bound is worse than what that one came to is left out. A
 * bound that holds never takes the best of all away: what is left out is dominated by a candidate that
 * stays.
 */
export async function race<Candidate>(
  candidates: readonly Candidate[],
  options: RaceOptions<Candidate>,
): Promise<RaceResult<Candidate>> {
  const { rounds, reduction = 4, least = 8, margin = 1.1 } = options
  const last = rounds - 1
  const bounds = candidates.map((candidate) => options.bound?.(candidate))
  const infeasible = candidates.filter((_, index) => bounds[index]?.feasible === false)
  let field = candidates
    .map((candidate, index) => ({ candidate, bound: bounds[index] }))
    .filter(({ bound }) => bound?.feasible !== false)
  const finished: Raced<Candidate>[] = []
  const dominated: Candidate[] = []
  if (options.bound !== undefined) {
    const promising = byPromise(field)
    for (let at = 0; at < promising.length && at < rounds * least; at += least) {
      const some = promising.slice(at, at + least)
      const scores = await options.evaluate(
        some.map(({ candidate }) => candidate),
        last,
      )
      for (const [index, { candidate }] of some.entries()) {
        const score = scores[index]
        if (score !== undefined) finished.push({ candidate, score, round: last })
      }
      if (scores.some(({ feasible }) => feasible)) break
    }
    const taken = new Set(finished.map(({ candidate }) => candidate))
    const reached = finished.filter(({ score }) => score.feasible)
    field = field.filter(({ candidate, bound }) => {
      if (taken.has(candidate)) return false
      const out =
        bound !== undefined &&
        reached.some(({ score }) => dominates(score.objectives, bound.objectives))
      if (out) dominated.push(candidate)
      return !out
    })
  }
  let going = field.map(({ candidate }) => candidate)
  const left: Raced<Candidate>[] = []
  for (let round = 0; round < rounds && going.length > 0; round++) {
    const scores = await options.evaluate(going, round)
    const ranked = ranking(
      going.flatMap((candidate, index) => {
        const score = scores[index]
        return score === undefined ? [] : [{ candidate, score, round }]
      }),
      round === last ? 1 : margin,
    )
    const keep =
      round === last ? ranked.length : Math.max(least, Math.ceil(ranked.length / reduction))
    left.unshift(...ranked.slice(keep))
    going = ranked.slice(0, keep).map(({ candidate }) => candidate)
    if (round === last) finished.push(...ranked)
  }
  return { ranking: [...ranking(finished, 1), ...left], infeasible, dominated }
}

/**
 * The best first: those that keep the constraints (nearly, within the margin) by their objectives, then
 * the others by how far they are from keeping them.
 */
export function ranking<Entry extends { readonly score: Score }>(
  entries: readonly Entry[],
  margin: number,
): Entry[] {
  const within = entries.filter(({ score }) => score.feasible || score.violation <= margin)
  const beyond = entries.filter(({ score }) => !score.feasible && !(score.violation <= margin))
  const ranks = paretoRanks(within.map(({ score }) => score.objectives))
  const order = within.map((entry, index) => ({ entry, rank: ranks[index] ?? 0, index }))
  order.sort(
    (a, b) =>
      a.rank - b.rank ||
      (a.entry.score.objectives[0] ?? 0) - (b.entry.score.objectives[0] ?? 0) ||
      a.index - b.index,
  )
  const missed = beyond.map((entry, index) => ({ entry, index }))
  missed.sort((a, b) => less(a.entry.score.violation, b.entry.score.violation) || a.index - b.index)
  return [...order.map(({ entry }) => entry), ...missed.map(({ entry }) => entry)]
}

/** Compares numbers of which some may be infinite. */
function less(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1
}

function byPromise<Entry extends { readonly bound: Outlook | undefined }>(
  field: readonly Entry[],
): Entry[] {
  const known = field.map((entry, index) => ({ entry, index }))
  const ranks = paretoRanks(field.map(({ bound }) => bound?.objectives ?? []))
  known.sort(
    (a, b) =>
      (ranks[a.index] ?? 0) - (ranks[b.index] ?? 0) ||
      less(a.entry.bound?.objectives[0] ?? 0, b.entry.bound?.objectives[0] ?? 0) ||
      a.index - b.index,
  )
  return known.map(({ entry }) => entry)
}
