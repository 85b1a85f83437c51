/**
 * A run of equal steps of one batch, as a closed form: step `k` (from 0) takes
 * `seconds + k * growth`. This is the fast-forward: nothing happens between its ends.
 */
export class Segment {
  active: boolean = false
  /** Whether an arrival ends it at the next step boundary. */
  heedsArrivals: boolean = false
  start: number = 0
  seconds: number = 0
  growth: number = 0
  steps: number = 0

  begin(start: number, seconds: number, growth: number, steps: number): void {
    this.active = true
    this.start = start
    this.seconds = seconds
    this.growth = growth
    this.steps = steps
  }

  get end(): number {
    return this.endAfter(this.steps)
  }

  /** When `steps` steps are done. */
  endAfter(steps: number): number {
    return this.start + (steps * this.seconds + (this.growth * steps * (steps - 1)) / 2)
  }

  /** The least number of steps, at least 1, that ends at `time` or later; Infinity where none does. */
  stepsToReach(time: number): number {
    const span = time - this.start
    if (span <= this.seconds) return 1
    if (span === Infinity) return Infinity
    let steps: number
    if (this.growth === 0) steps = Math.ceil(span / this.seconds)
    else {
      // The larger root of growth/2 k^2 + (seconds - growth/2) k = span, without cancellation.
      const linear = this.seconds - this.growth / 2
      steps = Math.ceil((2 * span) / (linear + Math.sqrt(linear * linear + 2 * this.growth * span)))
    }
    if (!(steps < Number.MAX_SAFE_INTEGER)) return Infinity
    while (steps > 1 && this.endAfter(steps - 1) >= time) steps--
    while (this.endAfter(steps) < time) steps++
    return steps
  }

  /** Steps of this segment that end at `time` or earlier. */
  stepsDoneBy(time: number): number {
    if (time < this.endAfter(1)) return 0
    const reach = Math.min(this.stepsToReach(time), this.steps)
    return this.endAfter(reach) <= time ? reach : reach - 1
  }
}
