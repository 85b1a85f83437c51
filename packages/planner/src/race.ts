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
  /** Candidates that are looked at before bounds are compared again: 64 when absent. */
  readonly batch?: number
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
 * Bounds take out what cannot win. Candidates have their short look in the order of what they promise;
 * the good ones are evaluated to the end at once, and every candidate whose bound is worse than what one
 * of those came to is left out, unlooked at. A bound that holds never takes the best of all away: what is
 * left out is dominated by a candidate that stays.
 */
export async function race<Candidate>(
  candidates: readonly Candidate[],
  options: RaceOptions<Candidate>,
): Promise<RaceResult<Candidate>> {
  const { rounds, reduction = 4, least = 8, margin = 1.1 } = options
  const last = rounds - 1
  const finished: Raced<Candidate>[] = []
  const left: Raced<Candidate>[] = []
  const evaluate = async (
    some: readonly Candidate[],
    round: number,
  ): Promise<Raced<Candidate>[]> => {
    const scores = await options.evaluate(some, round)
    return some.flatMap((candidate, index) => {
      const score = scores[index]
      return score === undefined ? [] : [{ candidate, score, round }]
    })
  }
  const screened = await screen(candidates, { ...options, least, last, margin }, evaluate)
  finished.push(...screened.finished)
  let going: readonly Raced<Candidate>[] = screened.looked
  for (let round = 0; round <= last && going.length > 0; round++) {
    const some = going.map(({ candidate }) => candidate)
    const ranked = ranking(
      round === 0 ? going : await evaluate(some, round),
      round === last ? 1 : margin,
    )
    if (round === last) {
      finished.push(...ranked)
      break
    }
    // Candidates that were evaluated to the end already hold places of those that go on.
    const wanted = Math.max(
      least,
      Math.ceil((ranked.length + screened.finished.length) / reduction),
    )
    const keep = Math.max(least, wanted - screened.finished.length)
    left.unshift(...ranked.slice(keep))
    going = ranked.slice(0, keep)
  }
  return {
    ranking: [...ranking(finished, 1), ...left],
    infeasible: screened.infeasible,
    dominated: screened.dominated,
  }
}

interface ScreenOptions<Candidate> extends RaceOptions<Candidate> {
  readonly least: number
  readonly last: number
  readonly margin: number
}

interface Screened<Candidate> {
  /** Those that had the first look only. */
  readonly looked: readonly Raced<Candidate>[]
  /** Those that were evaluated to the end. */
  readonly finished: readonly Raced<Candidate>[]
  readonly infeasible: readonly Candidate[]
  readonly dominated: readonly Candidate[]
}

/** First looks in the order of what candidates promise, until the rest cannot be better. */
async function screen<Candidate>(
  candidates: readonly Candidate[],
  options: ScreenOptions<Candidate>,
  evaluate: (some: readonly Candidate[], round: number) => Promise<Raced<Candidate>[]>,
): Promise<Screened<Candidate>> {
  const { least, last, margin } = options
  const bounded = options.bound !== undefined
  // Without bounds there is nothing to compare on the way.
  const batch = bounded ? (options.batch ?? 64) : Infinity
  const known = candidates.map((candidate) => ({ candidate, outlook: options.bound?.(candidate) }))
  const infeasible = known.filter(({ outlook }) => outlook?.feasible === false)
  const waiting = byPromise(known.filter(({ outlook }) => outlook?.feasible !== false))
  const looked: Raced<Candidate>[] = []
  const finished: Raced<Candidate>[] = []
  const dominated: Candidate[] = []
  for (let at = 0; at < waiting.length;) {
    const some: Candidate[] = []
    for (; at < waiting.length && some.length < batch; at++) {
      const entry = waiting[at]
      if (entry === undefined) break
      const { candidate, outlook } = entry
      if (outlook !== undefined && isBeaten(outlook.objectives, finished)) dominated.push(candidate)
      else some.push(candidate)
    }
    if (some.length === 0) break
    const found = ranking(await evaluate(some, 0), margin)
    // With one round alone the first look is the last; without bounds there is nothing to leave out.
    const promising =
      last === 0 || !bounded
        ? []
        : found
            .filter(({ score }) => score.feasible && !isBeaten(score.objectives, finished))
            .slice(0, Math.ceil(least / 2))
    const taken = new Set(promising.map(({ candidate }) => candidate))
    looked.push(...found.filter(({ candidate }) => !taken.has(candidate)))
    if (promising.length > 0) finished.push(...(await evaluate([...taken], last)))
    if (last === 0 && bounded) finished.push(...looked.splice(0))
  }
  return {
    looked,
    finished,
    infeasible: infeasible.map(({ candidate }) => candidate),
    dominated,
  }
}

/** Whether one that was evaluated to the end, and keeps the constraints, is better in all. */
function isBeaten<Candidate>(
  objectives: readonly number[],
  finished: readonly Raced<Candidate>[],
): boolean {
  return finished.some(({ score }) => score.feasible && dominates(score.objectives, objectives))
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

/** Candidates that promise most first, as ranks of their bounds and then by the first objective. */
function byPromise<Entry extends { readonly outlook: Outlook | undefined }>(
  field: readonly Entry[],
): Entry[] {
  const ranks = paretoRanks(field.map(({ outlook }) => outlook?.objectives ?? []))
  return field
    .map((entry, index) => ({ entry, index, rank: ranks[index] ?? 0 }))
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        less(a.entry.outlook?.objectives[0] ?? 0, b.entry.outlook?.objectives[0] ?? 0) ||
        a.index - b.index,
    )
    .map(({ entry }) => entry)
}
