import type { CostModel, StepWork } from '@llmsim/contracts'
import { emptyWork } from '@llmsim/contracts'
import type { Segment } from './segment.js'

/** Where the time of one lane's devices went, operator by operator; kept when asked for. */
export class LaneBreakdown {
  /** Device seconds in steps with work, waiting included. */
  stepSeconds: number = 0
  /** Of these, waiting for another rank. */
  barrierSeconds: number = 0
  /** In steps of other ranks. */
  dummySeconds: number = 0
  readonly operators: Map<string, number> = new Map<string, number>()
  readonly #costModel: CostModel
  readonly #stages: number
  readonly #work: StepWork = emptyWork()
  /** Of the running segment: what its steps take on one stage, and what they would take alone. */
  #works = false
  #seconds = 0
  #growth = 0
  #ownSeconds = 0
  #ownGrowth = 0
  #swapSeconds = 0

  constructor(costModel: CostModel, stages: number) {
    this.#costModel = costModel
    this.#stages = stages
  }

  /** A segment starts: its work, the seconds of one stage, of which `swapSeconds` on the host's link. */
  begin(work: StepWork, seconds: number, growth: number, swapSeconds: number): void {
    Object.assign(this.#work, work)
    this.#works = true
    this.#seconds = seconds
    this.#growth = growth
    this.#ownSeconds = seconds
    this.#ownGrowth = growth
    this.#swapSeconds = swapSeconds
  }

  /** The same steps take as long as those of the rank that takes longest. */
  waitFor(seconds: number, growth: number): void {
    this.#seconds = seconds
    this.#growth = growth
  }

  /** A segment of other ranks starts. */
  goAlong(seconds: number, growth: number): void {
    this.#works = false
    this.#seconds = seconds
    this.#growth = growth
  }

  /** Counts the first `steps` steps of the segment, and a share of the next one, which is cut short. */
  end(steps: number, share = 0): void {
    if (steps === 0 && share === 0) return
    const cut = (seconds: number, growth: number): number =>
      series(seconds, growth, steps) + share * (seconds + steps * growth)
    const taken = cut(this.#seconds, this.#growth)
    if (!this.#works) {
      this.dummySeconds += taken
      return
    }
    this.stepSeconds += taken
    this.barrierSeconds += taken - cut(this.#ownSeconds, this.#ownGrowth)
    if (this.#swapSeconds > 0) this.#add('swap', (steps === 0 ? share : 1) * this.#swapSeconds)
    // Each operator is a line within a segment, so its first and last step say all.
    if (steps > 0) this.#addStep(steps === 1 ? 1 : steps / 2)
    if (steps > 1) {
      this.#goOn(steps - 1)
      this.#addStep(steps / 2)
    }
    if (share === 0) return
    if (steps > 0) this.#goOn(1)
    this.#addStep(share)
  }

  /** Counts what there is of the segment until `time`. */
  endAt(segment: Segment, time: number): void {
    const done = segment.stepsDoneBy(time)
    this.end(done, segment.shareOfStep(done, time))
  }

  /** What the work is so many steps later; the windows are the lane's own, which its next plan fills anew. */
  #goOn(steps: number): void {
    const work = this.#work
    work.decodeContext += steps * work.decodes
    if (work.windows !== undefined)
      for (const window of work.windows) window.context += steps * window.growing
  }

  #addStep(times: number): void {
    for (const { name, seconds } of this.#costModel.breakdown(this.#work))
      this.#add(name, (times * seconds) / this.#stages)
  }

  #add(name: string, seconds: number): void {
    this.operators.set(name, (this.operators.get(name) ?? 0) + seconds)
  }
}

/** Seconds of `steps` steps of which each is `growth` longer than the one before. */
function series(seconds: number, growth: number, steps: number): number {
  return steps * seconds + (growth * steps * (steps - 1)) / 2
}
