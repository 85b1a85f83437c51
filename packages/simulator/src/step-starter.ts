import type { CostModel, StepCost, StepWork } from '@llmsim/contracts'
import { emptyWork, SimulatorError } from '@llmsim/contracts'
import type { BarrierGroup, BarrierMember } from './barrier-group.js'
import type { Lane } from './lane.js'
import { applyPlan, broken } from './plan-application.js'
import { AdapterPlanBuffer } from './adapter-plan-buffer.js'
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
  readonly #plan: PlanBuffer
  readonly #work = emptyWork()
  readonly #cost = { seconds: 0.5, growth: 0.5, horizon: 1.5 }

  /** @param adapters - whether requests have LoRA adapters */
  constructor(stepByStep: boolean, adapters: boolean) {
    this.#stepByStep = stepByStep
    this.#plan = adapters ? new AdapterPlanBuffer() : new PlanBuffer()
  }

  /**
   * Plans at `lane.now`.
   *
   * @returns whether the lane works: its segment then runs
   * Errors: `CONTRACT` when the scheduler or the cost model breaks its contract
   */
  start(lane: Lane, replica: Replica): boolean {
    if (!this.#planStep(lane, this.#work)) return false
    this.#begin(lane, replica)
    return true
  }

  /** Lets the scheduler plan, and applies the plan; whether there is work, which is then in `work`. */
  #planStep(lane: Lane, work: StepWork): boolean {
    const plan = this.#plan
    plan.reset(lane)
    const { scheduler }: { readonly scheduler: { plan(...views: unknown[]): unknown } } = lane
    let answer: unknown
    try {
      answer = scheduler.plan(lane.view, plan)
    } catch (error) {
      throw policyFailure(`scheduler ${lane.scheduler.name}`, error)
    }
    if (answer !== undefined) checkAnswer(lane, answer)
    plan.finish()
    if (!(plan.repeats >= 1)) broken(lane, 'plans for no steps', plan.repeats)
    this.freed = plan.preempts.size > 0
    applyPlan(lane, plan, work)
    this.reviewAtSeconds = plan.reviewAtSeconds
    lane.spareBlocks = plan.spareBlocks
    if (lane.chunks.size > 0 || lane.decodes) {
      lane.emptyPlans = 0
      return true
    }
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
    takeCost(costModel, this.#work, cost)
    const { seconds, growth } = cost
    const { swapSeconds } = lane
    lane.swapSeconds = 0
    replica.steps++
    if (stages > 1) {
      // Each stage moves its own layers' share of a KV cache.
      const stageSeconds = seconds / stages + swapSeconds
      lane.breakdown?.begin(this.#work, stageSeconds, growth, swapSeconds)
      cost.seconds = replica.passStages(lane.now, stageSeconds) - lane.now
      segment.begin(lane, cost)
      lane.busyShare = stageSeconds / cost.seconds
      replica.flights?.begin(lane.now)
    } else {
      cost.seconds = seconds + swapSeconds
      lane.breakdown?.begin(this.#work, cost.seconds, growth, swapSeconds)
      const goesOn = segment.follow(lane, cost)
      if (goesOn && lane.chunks.size === 0 && swapSeconds === 0 && !this.#stepByStep)
        if (lane.firsts === 0) this.#extend(lane)
    }
    segment.heedsArrivals = !this.#plan.ignoresArrivals
  }

  /**
   * Lets all attention ranks of a group plan at `now`, and starts the step of those that have work,
   * which lasts as long as the longest of them.
   *
   * @returns whether any rank works: the segments of all then run
   * Errors: as `start`
   */
  startTogether(group: BarrierGroup, now: number): boolean {
    let tokens = 0
    let decodes = 0
    let works = false
    let freed = false
    let reviewAt = Infinity
    for (const member of group.members) {
      const { lane, work } = member
      member.works = false
      member.freed = false
      member.reviewAtSeconds = Infinity
      lane.segment.heedsArrivals = true
      if (lane.load === 0) continue
      if (member.replica.nextSample < now) member.replica.sampleUntil(now)
      lane.now = now
      member.works = this.#planStep(lane, work)
      member.freed = this.freed
      member.repeats = this.#plan.repeats
      member.reviewAtSeconds = this.reviewAtSeconds
      lane.segment.heedsArrivals = !this.#plan.ignoresArrivals
      if (member.freed) freed = true
      if (member.reviewAtSeconds < reviewAt) reviewAt = member.reviewAtSeconds
      if (!member.works) continue
      works = true
      tokens += work.prefillTokens + work.decodes
      decodes += work.decodes
    }
    this.freed = freed
    this.reviewAtSeconds = reviewAt
    group.running = works
    if (works) this.#beginTogether(group, tokens, decodes, now, freed)
    return works
  }

  #beginTogether(
    group: BarrierGroup,
    tokens: number,
    decodes: number,
    now: number,
    freed: boolean,
  ): void {
    const { spec } = group.members[0]!.replica
    const { costModel, stages } = spec
    let single = freed || stages > 1 || this.#stepByStep
    for (const member of group.members) {
      if (!member.works) continue
      const { lane, work, cost } = member
      work.groupTokens = tokens
      work.groupDecodes = decodes
      takeCost(costModel, work, cost)
      const { swapSeconds } = lane
      lane.swapSeconds = 0
      member.seconds = cost.seconds / stages + swapSeconds
      member.growth = cost.growth
      member.replica.steps++
      lane.breakdown?.begin(work, member.seconds, member.growth, swapSeconds)
      if (lane.chunks.size > 0 || swapSeconds > 0 || lane.firsts > 0) single = true
    }
    const { longest } = group
    const { replica } = longest
    const cost = this.#cost
    const { seconds, growth } = longest
    cost.growth = growth
    cost.seconds = stages > 1 ? replica.passStages(now, seconds) - now : seconds
    for (const { lane, works, replica: rank } of group.members) {
      lane.now = now
      if (stages > 1) lane.segment.begin(lane, cost)
      else if (!lane.segment.follow(lane, cost)) single = true
      lane.segment.active = works
      lane.busyShare = seconds / cost.seconds
      if (works) {
        lane.breakdown?.waitFor(seconds, growth)
        rank.flights?.begin(now)
      } else lane.breakdown?.goAlong(seconds, growth)
    }
    if (!single) group.resize(this.#stepsTogether(group, longest))
  }

  /** The fast-forward of a group: how many steps every plan and every cost line stand. */
  #stepsTogether(group: BarrierGroup, longest: BarrierMember): number {
    const { segment } = longest.lane
    let steps = Math.min(Infinity, this.#crossing(group, longest))
    for (const { lane, cost, works, repeats, reviewAtSeconds } of group.members) {
      if (works) steps = Math.min(steps, repeats, cost.horizon, lane.decoders.next - lane.counter)
      if (reviewAtSeconds !== Infinity)
        steps = Math.min(steps, segment.stepsToReach(reviewAtSeconds))
    }
    steps = Math.floor(steps)
    for (const { lane, works } of group.members)
      if (works && steps > 1)
        steps = lane.stepsWithin(lane.kv.free - lane.spareBlocks + lane.firstStepBlocks, steps)
    return steps > 1 ? steps : 1
  }

  /** Steps until another rank's line crosses that of the longest. */
  #crossing(group: BarrierGroup, { seconds, growth }: BarrierMember): number {
    let steps = Infinity
    for (const member of group.members)
      if (member.works && member.growth > growth)
        steps = Math.min(steps, (seconds - member.seconds) / (member.growth - growth))
    return steps
  }

  /** The fast-forward: how many steps the plan and its cost line stand. */
  #extend(lane: Lane): void {
    const { segment, decoders } = lane
    const plan = this.#plan
    let steps = Math.min(plan.repeats, this.#cost.horizon, decoders.next - lane.counter)
    if (plan.reviewAtSeconds !== Infinity)
      steps = Math.min(steps, segment.stepsToReach(plan.reviewAtSeconds))
    // Whole steps only, and one where the cost says NaN; a request has fewer tokens than a 32-bit integer counts.
    steps |= 0
    if (!(steps > 1)) return
    const free = lane.kv.free - lane.spareBlocks + lane.firstStepBlocks
    segment.resize(Math.max(1, lane.stepsWithin(free, steps)))
  }
}

/** Errors: `CONTRACT` for a scheduler that would plan later. */
function checkAnswer(lane: Lane, answer: unknown): void {
  if (!(answer instanceof Promise)) return
  // Nobody will await it: its own failure must not go unhandled.
  answer.catch(() => undefined)
  broken(lane, 'plans asynchronously: it must have planned when it returns')
}

/** Asks the cost model. Errors: `CONTRACT` when it fails or answers with what is no time. */
function takeCost(costModel: CostModel, work: StepWork, cost: StepCost): void {
  try {
    costModel.step(work, cost)
  } catch (error) {
    throw policyFailure(`cost model ${costModel.name}`, error)
  }
  const { seconds, growth } = cost
  if (seconds > 0 && seconds < Infinity && growth >= 0 && growth < Infinity) return
  refuseCost(costModel, cost)
}

function refuseCost(costModel: CostModel, { seconds, growth }: StepCost): never {
  throw new SimulatorError({
    code: 'CONTRACT',
    path: `cost model ${costModel.name}`,
    message: 'a step must take a positive, finite time, and the next one no less',
    given: `${seconds} s, growing by ${growth} s`,
  })
}
