/** Steps whose times are an arithmetic series: step `k` (from 0) takes `seconds + k * growth`. */
export class StepSeries {
  #start = 0
  #seconds = 0
  #growth = 0
  #steps = 0

  /** Takes the steps of a segment. */
  of(segment: {
    readonly startSeconds: number
    readonly seconds: number
    readonly growth: number
    readonly steps: number
  }): void {
    this.#start = segment.startSeconds
    this.#seconds = segment.seconds
    this.#growth = segment.growth
    this.#steps = segment.steps
  }

  /** When `steps` steps are done. */
  endAfter(steps: number): number {
    return this.#start + (steps * this.#seconds + (this.#growth * steps * (steps - 1)) / 2)
  }

  /** Steps that end at `time` or earlier, `least` at least. */
  doneBy(time: number, least: number): number {
    if (this.endAfter(this.#steps) <= time) return this.#steps
    const span = time - this.#start
    let steps: number
    if (this.#growth === 0) steps = Math.ceil(span / this.#seconds)
    else {
      const linear = this.#seconds - this.#growth / 2
      // The larger root of growth/2 k^2 + linear k = span, without cancellation.
      const root = Math.sqrt(linear * linear + 2 * this.#growth * span)
      steps = Math.ceil((2 * span) / (linear + root))
    }
    steps = Math.min(Math.max(steps, least), this.#steps)
    while (steps > least && this.endAfter(steps) > time) steps--
    while (steps < this.#steps && this.endAfter(steps + 1) <= time) steps++
    return steps
  }
}
