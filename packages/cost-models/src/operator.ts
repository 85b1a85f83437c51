import type { OperatorBound, OperatorCost } from '@llmsim/contracts'

/** One operator of a step, as a function of the tokens (or the sequences) that pass through it. */
export interface Operator {
  /** Seconds over all its runs in one pass, for `count` tokens; monotone in `count`. */
  seconds(count: number): number
  describe(count: number): OperatorCost
}

/** Rates that a kernel reaches at best, and what starting it costs. */
export interface KernelRates {
  /** FLOP/s: achieved share times dense peak. */
  readonly flopPerSecond: number
  /** Bytes/s: achieved share times memory bandwidth. */
  readonly bytesPerSecond: number
  /** `half_flop / flopPerSecond`: seconds added to the compute side. */
  readonly computeRampSeconds: number
  /** `half_bytes / bytesPerSecond`: seconds added to the memory side. */
  readonly memoryRampSeconds: number
}

/** A kernel on the matrix units or the memory: what one run of it computes and moves. */
export interface KernelShape {
  readonly name: string
  /** Runs in one pass through all stages. */
  readonly runs: number
  readonly rates: KernelRates
  /** FLOP of one run on one device. */
  flop(count: number): number
  /** Bytes that one run moves from and to the memory of one device. */
  bytes(count: number): number
}

/**
 * The roofline (Williams, Waterman, Patterson, CACM 52(4), 2009): the larger of compute and memory
 * time, each at the rate `w / (w + w_half)` of its best, that is `(w + w_half) / best` seconds.
 */
export function kernel(shape: KernelShape): Operator {
  const { name, runs, rates } = shape
  const compute = (count: number): number => {
    const flop = shape.flop(count)
    return flop === 0 ? 0 : flop / rates.flopPerSecond + rates.computeRampSeconds
  }
  const memory = (count: number): number =>
    shape.bytes(count) / rates.bytesPerSecond + rates.memoryRampSeconds
  return {
    seconds: (count) => runs * Math.max(compute(count), memory(count)),
    describe: (count) => ({
      name,
      seconds: runs * Math.max(compute(count), memory(count)),
      flop: runs * shape.flop(count),
      bytes: runs * shape.bytes(count),
      sentBytes: 0,
      bound: compute(count) > memory(count) ? 'compute' : 'memory',
    }),
  }
}

/** A collective or a send: `seconds` and `sentBytes` of one run. */
export function transfer(
  name: string,
  runs: number,
  seconds: (count: number) => number,
  sentBytes: (count: number) => number,
): Operator {
  return {
    seconds: (count) => runs * seconds(count),
    describe: (count) =>
      plain(name, runs * seconds(count), runs * sentBytes(count), 'communication'),
  }
}

/** Time that is neither computing nor moving: `fixed` seconds, and `perCount` for each token. */
export function overhead(name: string, fixed: number, perCount: number): Operator {
  const seconds = (count: number): number => fixed + perCount * count
  return { seconds, describe: (count) => plain(name, seconds(count), 0, 'overhead') }
}

function plain(
  name: string,
  seconds: number,
  sentBytes: number,
  bound: OperatorBound,
): OperatorCost {
  return { name, seconds, flop: 0, bytes: 0, sentBytes, bound }
}

/** Counts for which a sum is kept; larger ones are computed anew. */
const KEPT_COUNTS = 8192

/** The sum of operators by count, computed once for each count. */
export class OperatorSum {
  readonly #operators: readonly Operator[]
  /** 0: not computed yet. */
  readonly #kept: Float64Array = new Float64Array(KEPT_COUNTS + 1)

  constructor(operators: readonly Operator[]) {
    this.#operators = operators
  }

  /** Seconds of all operators for `count` tokens; 0 for none. */
  seconds(count: number): number {
    if (count <= KEPT_COUNTS) {
      const kept = this.#kept[count]
      if (kept !== undefined && kept > 0) return kept
    }
    return this.#compute(count)
  }

  #compute(count: number): number {
    if (count === 0) return 0
    let seconds = 0
    for (const operator of this.#operators) seconds += operator.seconds(count)
    if (count <= KEPT_COUNTS) this.#kept[count] = seconds
    return seconds
  }

  describe(count: number, into: OperatorCost[]): void {
    if (count === 0) return
    for (const operator of this.#operators) into.push(operator.describe(count))
  }
}
