/** A stretch of time over which the rate changes evenly. */
export interface LoadSegment {
  readonly seconds: number
  /** Requests per second at its start and at its end. */
  readonly from: number
  readonly to: number
  /** Draws gaps with a mean of 1; the clock's own when absent. */
  readonly gaps?: (() => number) | undefined
}

/** Stretches of 0 requests before a load counts as over: more than any curve has. */
const idleLimit = 1_000_000

/**
 * Arrival times under a rate that changes: a renewal process whose gaps are measured in expected
 * requests, not in seconds, so that the rate is met at every moment, whatever the gaps' scatter.
 */
export class LoadClock {
  private segment: LoadSegment | undefined
  private start = 0
  private offset = 0

  /**
   * @param segments the next stretch; undefined when the load ends.
   * @param gaps draws gaps with a mean of 1.
   */
  constructor(
    private readonly segments: () => LoadSegment | undefined,
    private readonly gaps: () => number,
  ) {
    this.segment = segments()
  }

  /** Seconds of the next arrival; Infinity when the load has ended. */
  next(): number {
    if (this.segment === undefined) return Infinity
    let need = (this.segment.gaps ?? this.gaps)()
    let idle = 0
    for (;;) {
      const segment = this.segment
      if (segment === undefined) return Infinity
      const { seconds, from, to } = segment
      const slope = seconds < Infinity && seconds > 0 ? (to - from) / seconds : 0
      const rate = from + slope * this.offset
      const left = seconds - this.offset
      const area = left === Infinity ? (from > 0 ? Infinity : 0) : ((rate + to) / 2) * left
      if (area > 0 && need <= area) {
        // The root of rate x + slope x^2 / 2 = need that does not cancel.
        const root = Math.sqrt(Math.max(0, rate * rate + 2 * slope * need))
        this.offset = Math.min(seconds, this.offset + (2 * need) / (rate + root))
        return this.start + this.offset
      }
      if (left === Infinity) {
        this.segment = undefined
        return Infinity
      }
      need -= area
      idle = area > 0 ? 0 : idle + 1
      this.start += seconds
      this.offset = 0
      this.segment = idle > idleLimit ? undefined : this.segments()
    }
  }
}
