import { SimulatorError } from '@llmsim/contracts'

/** What one load came to. */
export interface LoadTrial {
  /** Requests per second, or requests in the system. */
  readonly load: number
  /** Whether every objective was met. */
  readonly met: boolean
}

export interface CapacitySearch<Trial extends LoadTrial> {
  /** Evaluates a load; the same random numbers every time, so that loads differ in their load alone. */
  trial(load: number): Promise<Trial>
  /** The load to begin with, above 0: a guess. */
  readonly start: number
  /** The first step from it, as a factor above 1; a better guess bears a smaller one. 2 when absent. */
  readonly growth?: number
  /** The bracket is narrowed to this share of the load: 0.005 when absent. */
  readonly precision?: number
  /** Loads are whole numbers. */
  readonly whole?: boolean
  /** No load above this is tried, be it that none is accepted or that more of it changes nothing. Infinity when absent. */
  readonly most?: number
  /** Trials at most: 15 when absent. */
  readonly mostTrials?: number
}

export interface Capacity<Trial extends LoadTrial> {
  /** The highest load that met the objectives, below every one that did not; 0: none did. */
  readonly load: number
  /** The lowest load that did not meet them; Infinity: all did. */
  readonly exceeded: number
  /** Every trial, in the order in which they were made. */
  readonly trials: readonly Trial[]
  /** Whether the bracket was narrowed to the precision. */
  readonly precise: boolean
}

/** Loads further than this from the first are not looked for. */
const widest = 2 ** 40

/**
 * The highest load that meets objectives: steps that grow from the first load until one load meets them
 * and another does not, then bisection of the two on a logarithmic scale.
 *
 * It finds the place where objectives cease to be met, if there is one such place. Where noise makes
 * several, it finds one of them.
 *
 * @throws SimulatorError INVALID_VALUE for a search that cannot begin.
 */
export async function findCapacity<Trial extends LoadTrial>(
  search: CapacitySearch<Trial>,
): Promise<Capacity<Trial>> {
  const { start, growth = 2, precision = 0.005, whole = false, mostTrials = 15 } = search
  const most = whole ? Math.floor(search.most ?? Infinity) : (search.most ?? Infinity)
  if (!(start > 0 && start < Infinity && growth > 1 && precision > 0 && most > 0))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'start',
      message: 'a search needs a first load, a growth, a precision and room for loads',
      given: { start, growth, precision, most },
      accepted: 'loads above 0, a growth above 1, a precision above 0',
    })
  const trials: Trial[] = []
  let met = 0
  let exceeded = Infinity
  let step = growth
  let next = Math.min(most, whole ? Math.max(1, Math.round(start)) : start)
  const narrow = (): boolean =>
    whole && exceeded - met <= 1 ? true : exceeded / met <= 1 + precision
  while (trials.length < mostTrials) {
    const trial = await search.trial(next)
    trials.push(trial)
    if (trial.met) met = next
    else exceeded = next
    if (met > 0 && exceeded < Infinity) {
      if (narrow()) break
      next = between(met, exceeded, whole)
      continue
    }
    if ((whole && exceeded === 1) || met === most) break
    next = trial.met ? next * step : next / step
    // The further it is, the longer the steps: a guess that is far off costs few trials.
    step *= step
    if (whole) next = trial.met ? Math.ceil(next) : Math.max(1, Math.floor(next))
    next = Math.min(next, most)
    if (next > start * widest || next < start / widest) break
  }
  const precise = met > 0 && exceeded < Infinity && narrow()
  return { load: met, exceeded, trials, precise }
}

function between(low: number, high: number, whole: boolean): number {
  const middle = Math.sqrt(low * high)
  return whole ? Math.min(high - 1, Math.max(low + 1, Math.round(middle))) : middle
}
