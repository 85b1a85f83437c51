/** Steps whose passages are remembered: the longest one so far, so many times over. */
const MEMORY = 4

/** What has gone over a link, as a line with corners where its load changed. */
interface Curve {
  times: number[]
  totals: number[]
  /**
   * From when to when its past was lent to transfers that ran beside a computation, their bytes, and what had gone
   * otherwise before that.
   */
  lentFrom: number
  lentTo: number
  lent: number
  totalBefore: number
}

/**
 * What has gone over the links of a network, so that a transfer that ran beside the computation before it, and is
 * known of only when that ends, takes no more of the past than was free: on no link do all transfers together carry
 * more than its bandwidth allows.
 */
export class LinkHistory {
  readonly #curves: readonly Curve[]
  #last = 0
  /** The longest time back that was asked for, in seconds. */
  #longest = 0

  constructor(links: number) {
    this.#curves = Array.from({ length: links }, () => ({
      times: [0],
      totals: [0],
      lentFrom: 0,
      lentTo: 0,
      lent: 0,
      totalBefore: 0,
    }))
  }

  /** The loads, in bytes per second by link, have been the same since they changed last; they may change now. */
  advance(now: number, load: (link: number) => number): void {
    const seconds = now - this.#last
    if (seconds > 0)
      this.#curves.forEach(({ times, totals }, link) => {
        const rate = load(link)
        if (rate === 0) return
        const total = totals.at(-1)!
        if (times.at(-1)! < this.#last) {
          times.push(this.#last)
          totals.push(total)
        }
        times.push(now)
        totals.push(total + rate * seconds)
        const old = times.findIndex((time) => time >= now - MEMORY * this.#longest)
        if (old > times.length / 2) {
          times.splice(0, old - 1)
          totals.splice(0, old - 1)
        }
      })
    this.#last = now
  }

  /**
   * Lends a transfer of `bytes` bytes what was free of the links of its path between `from` and now.
   *
   * @param capacity - bytes per second of a link
   * @returns bytes that had gone until now
   */
  lend(
    path: readonly number[],
    from: number,
    bytes: number,
    capacity: (link: number) => number,
  ): number {
    const now = this.#last
    this.#longest = Math.max(this.#longest, now - from)
    let gone = bytes
    for (const link of path) {
      const curve = this.#curves[link]!
      const before = totalAt(curve, from)
      if (from >= curve.lentTo) curve.lent = 0
      if (from >= curve.lentTo || from < curve.lentFrom) {
        curve.lentFrom = from
        curve.totalBefore = before
      }
      const free = (since: number, total: number): number =>
        capacity(link) * (now - since) - (curve.totals.at(-1)! - total)
      gone = Math.min(
        gone,
        free(from, before),
        free(curve.lentFrom, curve.totalBefore) - curve.lent,
      )
    }
    if (!(gone > 0)) return 0
    for (const link of path) {
      const curve = this.#curves[link]!
      curve.lent += gone
      curve.lentTo = now
    }
    return gone
  }
}

/** Bytes that had gone over a link until a time. */
function totalAt({ times, totals }: Curve, time: number): number {
  const after = times.findIndex((each) => each > time)
  if (after < 0) return totals.at(-1)!
  if (after === 0) return totals[0]!
  const start = times[after - 1]!
  const share = (time - start) / (times[after]! - start)
  return totals[after - 1]! + share * (totals[after]! - totals[after - 1]!)
}
