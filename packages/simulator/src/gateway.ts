import type { SimulationSpec, Slot } from '@llmsim/contracts'
import type { EventHandle, EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import { AdmissionDesk } from './admission-desk.js'
import { ImpatientClients } from './impatient-clients.js'
import type { KvHandover } from './kv-handover.js'
import type { Lane } from './lane.js'
import type { PoolSet } from './pool-set.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'
import { FREE, WAITING } from './request-table.js'
import { RequestWithdrawal } from './request-withdrawal.js'

export interface GatewayParts {
  readonly spec: SimulationSpec
  readonly queue: EventQueue
  readonly table: RequestTable
  readonly set: PoolSet
  readonly handover: KvHandover | undefined
  /** Lets a request pass the front end, and routes it then. */
  enter(slot: Slot): void
  /** A request left a lane's queue or batch: its plan may be another one, from the next step on. */
  changed(lane: Lane): void
  /** KV blocks of a replica became free. */
  released(replica: Replica): void
  /** A request is not let in, and its client does not try again. */
  refused(slot: Slot): void
  /** A request is given up for good. */
  failed(slot: Slot): void
}

/**
 * The entry of the system, as clients see it: who is let in, how long they wait, and what becomes of a request
 * that nobody waits for any more.
 */
export class Gateway {
  /** Requests that their clients gave up for good. */
  timedOut: number = 0
  /** Tokens that were generated for requests before their clients gave them up. */
  wastedTokens: number = 0
  readonly #parts: GatewayParts
  readonly #desk: AdmissionDesk | undefined
  readonly #clients: ImpatientClients | undefined
  readonly #withdrawal: RequestWithdrawal
  /** By slot: whether its client has given it up, while it is in a step that runs: 1. */
  #abandoned: Uint8Array = new Uint8Array(64)

  constructor(parts: GatewayParts) {
    const { spec, queue, table, set } = parts
    this.#parts = parts
    if (spec.admission !== undefined)
      this.#desk = new AdmissionDesk({
        policy: spec.admission,
        table,
        entry: set.entry.pools,
        pools: set.pools,
        classes: spec.classes,
      })
    if (spec.client !== undefined)
      this.#clients = new ImpatientClients({
        behaviour: spec.client,
        queue,
        table,
        giveUp: (slot, now) => {
          this.#abandoned[slot] = 1
          this.#withdrawal.begin(slot, now)
        },
        send: (slot, now) => {
          if (this.#desk !== undefined) this.#desk.outside--
          this.#ask(slot, now)
        },
      })
    this.#withdrawal = new RequestWithdrawal({
      queue,
      table,
      lanes: set.lanes,
      replicas: set.replicas,
      handover: parts.handover,
      changed: (lane) => {
        parts.changed(lane)
      },
      released: (replica) => {
        parts.released(replica)
      },
      unpark: (slot) => {
        if (table.prefix?.reads?.withdraw(slot, queue) !== true) set.entry.parked.remove(slot)
      },
      gone: (slot, now) => {
        this.#gone(slot, now)
      },
    })
  }

  /** Whether a run has one: in others clients wait for ever, and everybody may enter. */
  static has({ admission, client }: SimulationSpec): boolean {
    return admission !== undefined || client !== undefined
  }

  /** Attempts that took too long, and those that were sent again. */
  get timeouts(): number {
    return this.#clients?.timeouts ?? 0
  }

  get retries(): number {
    return this.#clients?.retries ?? 0
  }

  /** Refusals by reason, those of attempts that were followed by others included. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#desk?.refusals ?? new Map<string, number>()
  }

  /** A new request comes. */
  arrived(slot: Slot, now: number): void {
    if (slot >= this.#abandoned.length) {
      const abandoned = new Uint8Array(this.#parts.table.capacity)
      abandoned.set(this.#abandoned)
      this.#abandoned = abandoned
    }
    this.#abandoned[slot] = 0
    this.#clients?.opened(slot)
    this.#ask(slot, now)
  }

  /** A request enters at the time of an event; `NO_EVENT`: it has. */
  entering(slot: Slot, event: EventHandle): void {
    this.#withdrawal.entering(slot, event)
  }

  /** A request has its first token. */
  begun(slot: Slot): void {
    if (this.#abandoned[slot] === 0) this.#clients?.begun(slot)
  }

  /** A request is finished or has failed. */
  done(slot: Slot): void {
    this.#clients?.done(slot)
  }

  /** A lane's step is over; whether requests left it that nobody waits for. */
  stepEnded(lane: Lane, now: number): boolean {
    return this.#withdrawal.end(lane, now)
  }

  /** A request lost its replica; true when nobody waits for it, and it is dealt with. */
  lost(slot: Slot, now: number): boolean {
    if (this.#abandoned[slot] === 0) return false
    this.#gone(slot, now)
    return true
  }

  /** An event of a client has come. */
  event(tag: number, now: number): void {
    this.#clients!.event(tag, now)
  }

  #ask(slot: Slot, now: number): void {
    const desk = this.#desk
    if (desk !== undefined) {
      desk.outside++
      const answer = desk.ask(slot, now, this.#clients?.retriesOf(slot) ?? 0)
      if (answer !== true) {
        // One that will be sent again stays outside.
        if (this.#clients?.retry(slot, now) === true) return
        desk.outside--
        this.#parts.refused(slot)
        return
      }
      desk.outside--
    }
    this.#clients?.admitted(slot, now)
    this.#withdrawal.entering(slot, NO_EVENT)
    this.#parts.enter(slot)
  }

  /** A request is out of the system: its client sends it again, or has lost it. */
  #gone(slot: Slot, now: number): void {
    const { table } = this.#parts
    this.#abandoned[slot] = 0
    this.wastedTokens += table.generated[slot]!
    if (table.stage[slot] === FREE) return
    table.startOver(slot)
    table.stage[slot] = WAITING
    if (this.#clients?.retry(slot, now) === true) {
      if (this.#desk !== undefined) this.#desk.outside++
      return
    }
    this.timedOut++
    this.#parts.failed(slot)
  }
}
