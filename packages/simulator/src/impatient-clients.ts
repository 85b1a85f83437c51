import type { ClientBehaviour, Slot } from '@llmsim/contracts'
import type { EventHandle, EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import type { RequestTable } from './request-table.js'

/** Tags of the event queue from here on belong to clients: the next deadline, then slots to be sent again. */
export const FIRST_CLIENT_TAG: number = 2 ** 29
/** Of equal times, what clients do comes before transfers and batches. */
const PRIORITY = -1

export interface ClientParts {
  readonly behaviour: ClientBehaviour
  readonly queue: EventQueue
  readonly table: RequestTable
  /** A client no longer waits for a request: it is to be taken out of the system, which may take a step. */
  giveUp(slot: Slot, now: number): void
  /** A client sends a request again. */
  send(slot: Slot, now: number): void
}

/** An attempt whose client waits until a time; attempts stand in order of their deadlines. */
interface Deadline {
  readonly slot: Slot
  readonly attempt: number
  readonly seconds: number
}

/**
 * Clients that wait for so long, for the first token or for the last one, and send a request again that was
 * refused or took too long: after a pause that doubles each time, with jitter (uniform from half to one
 * and a half of it).
 */
export class ImpatientClients {
  /** Attempts that took too long, and those that were sent again. */
  timeouts: number = 0
  retries: number = 0
  readonly #parts: ClientParts
  /** All wait equally long, so that deadlines come in the order in which requests were sent. */
  readonly #deadlines: Deadline[] = []
  #head = 0
  #event: EventHandle = NO_EVENT
  /** By slot: the number of the attempt that is waited for, of all attempts; 0: none is. */
  #waiting: Float64Array = new Float64Array(64)
  #attempts = 0
  /** By slot: how often its request was sent again. */
  #retries: Int32Array = new Int32Array(64)

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  /** A new request has come into a slot. */
  opened(slot: Slot): void {
    if (slot >= this.#retries.length) {
      const { capacity } = this.#parts.table
      const retries = new Int32Array(capacity)
      retries.set(this.#retries)
      this.#retries = retries
      const waiting = new Float64Array(capacity)
      waiting.set(this.#waiting)
      this.#waiting = waiting
    }
    this.#retries[slot] = 0
    this.#waiting[slot] = 0
  }

  retriesOf(slot: Slot): number {
    return this.#retries[slot]!
  }

  /** An attempt was let in: its client waits from now on. */
  admitted(slot: Slot, now: number): void {
    const { timeoutSeconds } = this.#parts.behaviour
    if (timeoutSeconds === Infinity) return
    const attempt = ++this.#attempts
    this.#waiting[slot] = attempt
    this.#deadlines.push({ slot, attempt, seconds: now + timeoutSeconds })
    if (this.#event === NO_EVENT) this.#await()
  }

  /** A request has its first token. */
  begun(slot: Slot): void {
    if (this.#parts.behaviour.waitsFor === 'first-token') this.done(slot)
  }

  /** A request is finished or gone: nobody waits for it any more. */
  done(slot: Slot): void {
    const attempt = this.#waiting[slot]!
    this.#waiting[slot] = 0
    // An event for nobody would count as part of the run.
    if (attempt !== 0 && this.#deadlines[this.#head]?.attempt === attempt) this.#await()
  }

  /** An attempt failed: schedules the next one, `false` when there is none. */
  retry(slot: Slot, now: number): boolean {
    const { behaviour, queue } = this.#parts
    const before = this.#retries[slot]!
    if (before >= behaviour.maxRetries) return false
    this.#retries[slot] = before + 1
    this.retries++
    const pause = behaviour.backoffSeconds * 2 ** before * (0.5 + behaviour.random())
    queue.schedule(now + pause, PRIORITY, FIRST_CLIENT_TAG + 1 + slot)
    return true
  }

  /** An event of a client has come. */
  event(tag: number, now: number): void {
    if (tag > FIRST_CLIENT_TAG) {
      this.#parts.send(tag - FIRST_CLIENT_TAG - 1, now)
      return
    }
    this.#event = NO_EVENT
    while (this.#head < this.#deadlines.length) {
      const { slot, attempt, seconds } = this.#deadlines[this.#head]!
      if (seconds > now) break
      this.#head++
      if (this.#waiting[slot] !== attempt) continue
      this.#waiting[slot] = 0
      this.timeouts++
      this.#parts.giveUp(slot, now)
    }
    this.#await()
  }

  /** Sets the event to the deadline of the first attempt that is still waited for. */
  #await(): void {
    const { queue } = this.#parts
    const deadlines = this.#deadlines
    while (this.#head < deadlines.length) {
      const { slot, attempt } = deadlines[this.#head]!
      if (this.#waiting[slot] === attempt) break
      this.#head++
    }
    if (this.#head > 1024 && this.#head * 2 > deadlines.length) {
      deadlines.splice(0, this.#head)
      this.#head = 0
    }
    const next = deadlines[this.#head]
    if (next === undefined) {
      if (this.#event !== NO_EVENT) queue.cancel(this.#event)
      this.#event = NO_EVENT
    } else if (this.#event === NO_EVENT)
      this.#event = queue.schedule(next.seconds, PRIORITY, FIRST_CLIENT_TAG)
    else queue.reschedule(this.#event, next.seconds)
  }
}
