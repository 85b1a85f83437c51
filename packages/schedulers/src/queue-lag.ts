import type { ReplicaView, Slot } from '@llmsim/contracts'

/**
 * Which waiting requests an engine knew when it planned the step that now begins.
 *
 * An engine that schedules ahead plans a step when the one before begins: who came while that one ran
 * waits for one step more. One that stands still plans at once.
 */
export interface QueueLag {
  /** Whether somebody was left out of this plan for having come too late. */
  readonly unseen: boolean
  /** Whether arrivals must end a run of steps, so that it is known in which of them they came. */
  readonly heedsArrivals: boolean
  /** Sees the replica at a step boundary. */
  observe(view: ReplicaView): void
  knows(view: ReplicaView, slot: Slot): boolean
}

/** Plans at the boundary, with all who wait there. */
export const noLag: QueueLag = {
  unseen: false,
  heedsArrivals: false,
  observe: () => undefined,
  knows: () => true,
}

class StepAhead implements QueueLag {
  unseen: boolean = false
  readonly heedsArrivals: boolean = true
  #idle = true
  /** This boundary, and the one at which the step that ended here began. */
  #now = -Infinity
  #before = -Infinity

  observe(view: ReplicaView): void {
    this.unseen = false
    this.#idle = view.running === 0
    if (view.nowSeconds <= this.#now) return
    this.#before = this.#now
    this.#now = view.nowSeconds
  }

  knows(view: ReplicaView, slot: Slot): boolean {
    if (this.#idle || view.queuedSeconds(slot) <= this.#before) return true
    this.unseen = true
    return false
  }
}

/** A lag of one step where the engine schedules ahead; none otherwise. */
export function queueLag(ahead: boolean): QueueLag {
  return ahead ? new StepAhead() : noLag
}
