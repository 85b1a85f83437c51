import type { StepCost } from '@llmsim/contracts'

/** Relative differences by which a step still lies on the line before it: what rounding leaves, and no more. */
const ON_LINE = 1e-12
const SAME_GROWTH = 1e-9
/** Share of a step by which the next one is off the line for certain. */
const OFF_LINE = 1e-11

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
  /** When its last step is done. */
  end: number = 0
  /** Where its line began, the first step and the growth there, and the steps of the line before this segment. */
  #origin = NaN
  #first = NaN
  #slope = NaN
  #before = 0

  /** Starts with one step of a cost; numbers come in objects because arguments would be boxed. */
  begin(lane: { readonly now: number }, { seconds, growth }: StepCost): void {
    const { now } = lane
    this.active = true
    this.start = now
    this.seconds = seconds
    this.growth = growth
    this.steps = 1
    this.end = now + seconds
    this.#origin = now
    this.#first = seconds
    this.#slope = growth
    this.#before = 0
  }

  /**
   * The same, but where the step goes on where the last one ended, and costs what its line foretold, its end is
   * counted from the start of that line. So a step ends at one time to the last bit, jumped over or not, and
   * whatever else happens at that time comes before it or after it in both cases.
   *
   * @returns whether the next steps may be added to it; not where the line ends with this one
   */
  follow(lane: { readonly now: number }, cost: StepCost): boolean {
    const expected = this.#first + (this.#before + this.steps) * this.#slope
    if (lane.now === this.end && Math.abs(cost.seconds - expected) <= ON_LINE * expected) {
      const bend = Math.abs(cost.growth - this.#slope)
      const goesOn = bend <= SAME_GROWTH * this.#slope
      if (goesOn || bend > OFF_LINE * expected) {
        this.#goOn(lane.now, cost)
        return goesOn
      }
    }
    this.begin(lane, cost)
    return true
  }

  #goOn(now: number, { seconds, growth }: StepCost): void {
    this.#before += this.steps
    this.active = true
    this.start = now
    this.seconds = seconds
    this.growth = growth
    this.resize(1)
  }

  /** Sets how many steps it has. */
  resize(steps: number): void {
    this.steps = steps
    this.end = this.endAfter(steps)
  }

  /**
   * Shortens it to the first step boundary at `clock.now` or later; whether that is sooner.
   *
   * @param passed - the boundary at exactly that time has been passed already: the next one counts
   */
  cutAt(clock: { readonly now: number }, passed: boolean): boolean {
    const steps = passed ? this.stepsDoneBy(clock.now) + 1 : this.stepsToReach(clock.now)
    if (steps >= this.steps) return false
    this.resize(steps)
    return true
  }

  /** When `steps` steps are done. */
  endAfter(steps: number): number {
    const all = this.#before + steps
    return this.#origin + (all * this.#first + (this.#slope * all * (all - 1)) / 2)
  }

  /** Share of the step after `done` steps that has passed at `time`. */
  shareOfStep(done: number, time: number): number {
    const start = this.endAfter(done)
    const seconds = this.endAfter(done + 1) - start
    return seconds > 0 ? Math.min(1, Math.max(0, (time - start) / seconds)) : 0
  }

  /** The least number of steps, at least 1, that ends at `time` or later; Infinity where none does. */
  stepsToReach(time: number): number {
    const span = time - this.start
    if (this.endAfter(1) >= time) return 1
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
