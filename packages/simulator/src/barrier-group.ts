import type { StepCost, StepWork } from '@llmsim/contracts'
import type { Lane, LaneGroup } from './lane.js'
import type { Replica } from './replica.js'

/** What one rank of a barrier group plans for the step that all start together. */
export interface BarrierMember {
  readonly lane: Lane
  readonly replica: Replica
  readonly work: StepWork
  readonly cost: StepCost
  /** Whether it has requests to work on; otherwise it goes along. */
  works: boolean
  /** Whether its plan preempted requests. */
  freed: boolean
  /** Steps for which its plan stands. */
  repeats: number
  reviewAtSeconds: number
  /** Seconds of each stage, and by how much each following step of its own would be longer. */
  seconds: number
  growth: number
}

/**
 * Batches of the attention ranks of one replica, which start each step together: the experts work on the
 * tokens of all, and who is done early waits. The lane of the first rank stands for all in the queue of
 * events.
 */
export class BarrierGroup implements LaneGroup {
  readonly members: readonly BarrierMember[]
  /** Whether a step runs, of any rank. */
  running: boolean = false

  constructor(lanes: readonly Lane[], replicas: readonly Replica[]) {
    this.members = lanes.map((lane, rank) => ({
      lane,
      replica: replicas[rank]!,
      // All fields from the start, so that the cost model sees one shape.
      work: {
        prefillTokens: 0,
        prefillAttention: 0.5,
        decodes: 0,
        decodeContext: 0,
        logits: 0,
        groupTokens: 0,
        groupDecodes: 0,
        windows: undefined,
        images: undefined,
        adapters: undefined,
      },
      cost: { seconds: 0.5, growth: 0.5, horizon: 1.5 },
      works: false,
      freed: false,
      repeats: 1,
      reviewAtSeconds: 0.5,
      seconds: 0.5,
      growth: 0.5,
    }))
    for (const lane of lanes) lane.joinGroup(this, lanes[0]!)
  }

  /** Whether any rank has a request, running or waiting. */
  get hasLoad(): boolean {
    for (const { lane } of this.members) if (lane.load > 0) return true
    return false
  }

  /** Sets how many steps the segment of every rank has. */
  resize(steps: number): void {
    for (const { lane } of this.members) lane.segment.resize(steps)
  }

  /** The member whose step takes longest; of equal ones that whose later steps do. */
  get longest(): BarrierMember {
    let longest = this.members[0]!
    for (const member of this.members) {
      if (!member.works) continue
      const { seconds, growth } = longest
      if (
        !longest.works ||
        member.seconds > seconds ||
        (member.seconds === seconds && member.growth > growth)
      )
        longest = member
    }
    return longest
  }
}
