import type { Slot } from '@llmsim/contracts'

/** A decode replica as promises know it. */
interface PromisedReplica {
  outstanding: number
  readonly serves: boolean
}

/**
 * Decode replicas that were promised to requests whose prompts are computed elsewhere; each promise counts
 * among what its replica has outstanding.
 */
export class DecodePromises<Replica extends PromisedReplica> {
  readonly #bySlot: (Replica | undefined)[] = []

  give(slot: Slot, replica: Replica): void {
    this.#bySlot[slot] = replica
    replica.outstanding++
  }

  /** The replica that was promised, which goes on counting the request; undefined if it is gone, or was none. */
  take(slot: Slot): Replica | undefined {
    const replica = this.#bySlot[slot]
    if (replica === undefined) return undefined
    this.#bySlot[slot] = undefined
    if (replica.serves) return replica
    replica.outstanding--
    return undefined
  }

  /** A request does not come. */
  release(slot: Slot): void {
    const replica = this.#bySlot[slot]
    if (replica === undefined) return
    this.#bySlot[slot] = undefined
    replica.outstanding--
  }

  /** A replica has broken, and counts from 0 again. */
  forget(replica: Replica): void {
    for (let slot = 0; slot < this.#bySlot.length; slot++)
      if (this.#bySlot[slot] === replica) this.#bySlot[slot] = undefined
  }
}
