import type { ReplicaView, Slot, StepPlan } from '@llmsim/contracts'
import type { WaitingOrder } from './waiting-order.js'

/** In which order waiting requests are shown to a scheduler; made anew for each one, as it may have state. */
export interface QueueDiscipline {
  /** True: it must see each arrival at the next step, even one that changes no plan. */
  readonly heedsArrivals: boolean
  /** Puts the waiting requests, given in the order of the queue, into its own. */
  sort(view: ReplicaView, slots: Slot[]): void
  /** Sees what has happened, before each plan. */
  observe?(view: ReplicaView): void
  /** Lets a plan stand for no longer than the order does. */
  limit?(view: ReplicaView, plan: StepPlan): void
  /** A request has left, with so many tokens generated. */
  left?(slot: Slot, generatedTokens: number): void
}

/** The order of a comparison. */
export function sortedBy(order: WaitingOrder): QueueDiscipline {
  return {
    heedsArrivals: false,
    sort(view, slots) {
      slots.sort((a, b) => order(view, a, b))
    },
  }
}
