import { emptyWork, SimulatorError } from '@llmsim/contracts'
import type { Lane } from './lane.js'
import { applyPlan, broken } from './plan-application.js'
import { PlanBuffer } from './plan-buffer.js'
import { policyFailure } from './policy-failure.js'
import type { Replica } from './replica.js'

/** Plans without work that a scheduler may return in a row. */
const EMPTY_PLANS = 1000

/** Asks a lane's scheduler what comes next, and starts it, as far forward as nothing can interrupt it. */
export class StepStarter {
  /** Whether the last plan preempted requests, so that KV blocks became free. */
  freed: boolean = false
  /** When a lane without work wants to be asked again, in seconds; Infinity: when something happens. */
  reviewAtSeconds: number = Infinity
  readonly #stepByStep: boolean
  readonly #plan: PlanBuffer = new PlanBuffer()
  readonly #work = emptyWork()
  readonly #cost = { seconds: 0.5, growth: 0.5, horizon: 1.5 }

  constructor(stepByStep: boolean) {
    this.#stepByStep = stepByStep
  }

  /**
   * Plans at `lane.now`.
   *
   * @returns whether the lane works: its segment then runs
   * Errors: `CONTRACT` when the scheduler or the cost model breaks its contract
   */
  start(lane: Lane, replica: Replica): boolean {
    const plan = this.#plan
    plan.reset()
    const { scheduler }: { readonly scheduler: { plan(...views: unknown[]): unknown } } = lane
    let answer: unknown
    try {
      answer = scheduler.plan(lane.view, plan)
    } catch (error) {
      throw policyFailure(`scheduler ${lane.scheduler.name}`, error)
    }
    if (answer instanceof Promise) {
      // Nobody will await it: its own failure must not go unhandled.
      answer.catch(() => undefined)
      broken(lane, 'plans asynchronously: it must have planned when it returns')
    }
    if (!(plan.repeats >= 1)) broken(lane, 'plans for no steps', plan.repeats)
    this.freed = plan.preempts.size > 0
    applyPlan(lane, plan, this.#work)
    if (lane.chunks.size > 0 || lane.decodes) {
      lane.emptyPlans = 0
      this.#begin(lane, replica)
      return true
    }
    this.reviewAtSeconds = plan.reviewAtSeconds
    if (this.freed && ++lane.emptyPlans > EMPTY_PLANS)
      broken(lane, 'preempts and plans no work, again and again')
    if (!this.freed && !(plan.reviewAtSeconds > lane.now))
      broken(lane, 'neither plans work nor waits', plan.reviewAtSeconds)
    return false
  }

  /** Starts the planned step, and all equal ones after it that nothing can interrupt. */
  #begin(lane: Lane, replica: Replica): void {
    const { segment } = lane
    const cost = this.#cost
    const { costModel, stages } = replica.spec
    try {
      costModel.step(this.#work, cost)
    } catch (error) {
      throw policyFailure(`cost model ${costModel.name}`, error)
    }
    const { seconds, growth } = cost
    const { swapSeconds } = lane
    lane.swapSeconds = 0
    if (!(seconds > 0 && seconds < Infinity && growth >= 0 && growth < Infinity))
      throw new SimulatorError({
        code: 'CONTRACT',
        path: `cost model ${costModel.name}`,
        message: 'a step must take a positive, finite time, and the next one no less',
        given: `${seconds} s, growing by ${growth} s`,
      })
    replica.steps++
    if (stages > 1) {
      // Each stage moves its own layers' share of a KV cache.
      const stageSeconds = seconds / stages + swapSeconds
      cost.seconds = replica.passStages(lane.now, stageSeconds) - lane.now
      segment.begin(lane, cost)
      lane.busyShare = stageSeconds / cost.seconds
    } else {
      cost.seconds = seconds + swapSeconds
      segment.begin(lane, cost)
      if (lane.chunks.size === 0 && swapSeconds === 0 && !this.#stepByStep) this.#extend(lane)
    }
    segment.heedsArrivals = !this.#plan.ignoresArrivals
  }

  /** The fast-forward: how many steps the plan and its cost line stand. */
  #extend(lane: Lane): void {
    const { segment, decoders } = lane
    const plan = this.#plan
    let steps = Math.min(plan.repeats, this.#cost.horizon, decoders.firstFinish - lane.counter)
    if (plan.reviewAtSeconds !== Infinity)
      steps = Math.min(steps, segment.stepsToReach(plan.reviewAtSeconds))
    // Whole steps only, and one where the cost says NaN.
    steps = Math.floor(steps)
    if (!(steps > 1)) return
    const free = lane.kv.free + lane.firstStepBlocks
    segment.resize(Math.max(1, lane.stepsWithin(free, steps)))
  }
}
