import type { RequestDraft, SimulationSpec, Slot } from '@llmsim/contracts'
import type { RequestMetrics } from '@llmsim/metrics'
import type { Gateway } from './gateway.js'
import type { GroupStatistics } from './group-statistics.js'
import type { Lane } from './lane.js'
import type { Observation } from './observation.js'
import type { RecentRequests } from './recent-requests.js'
import type { RequestIntake } from './request-intake.js'
import type { RequestTable } from './request-table.js'
import type { RunClock } from './run-clock.js'

const PROGRESS_EVERY = 65_536

export interface LedgerParts {
  readonly spec: SimulationSpec
  readonly clock: RunClock
  readonly table: RequestTable
  readonly requests: RequestMetrics
  readonly intake: RequestIntake
  readonly gateway: Gateway | undefined
  readonly groups: GroupStatistics | undefined
  readonly observation: Observation | undefined
  /** Only where an autoscaler goes by them. */
  readonly recent: RecentRequests | undefined
}

/** Every request that comes and goes: each leaves once, completed, rejected or failed. */
export class RequestLedger {
  rejected: number = 0
  /** Of those, the ones that can never fit. */
  tooLong: number = 0
  /** Requests given up, after faults or by their clients. */
  failed: number = 0
  /** The seconds that those had been in the system, and those that were not let in. */
  failedSeconds: number = 0
  /** Closed loop: requests that left and whose successors have not arrived yet. */
  vacancies: number = 0
  readonly #spec: SimulationSpec
  readonly #closed: boolean
  readonly #clock: RunClock
  readonly #table: RequestTable
  readonly #requests: RequestMetrics
  readonly #intake: RequestIntake
  readonly #gateway: Gateway | undefined
  readonly #groups: GroupStatistics | undefined
  readonly #observation: Observation | undefined
  readonly #recent: RecentRequests | undefined
  readonly #record = {
    arrivalSeconds: 0.5,
    startSeconds: 0.5,
    firstTokenSeconds: 0.5,
    finishSeconds: 0.5,
    outputTokens: 0,
    classId: -1,
  }

  constructor(parts: LedgerParts) {
    this.#spec = parts.spec
    this.#closed = parts.spec.concurrency !== undefined
    this.#clock = parts.clock
    this.#table = parts.table
    this.#requests = parts.requests
    this.#intake = parts.intake
    this.#gateway = parts.gateway
    this.#groups = parts.groups
    this.#observation = parts.observation
    this.#recent = parts.recent
  }

  /** A request arrives. Returns its number, from 0. */
  arrive(draft: RequestDraft): number {
    const requests = this.#requests
    const number = requests.arrived
    requests.arrive(draft)
    this.#groups?.arrived(draft)
    this.#observation?.arrived(draft, number)
    if (requests.arrived % PROGRESS_EVERY === 0)
      this.#spec.onProgress?.(this.#clock.now, requests.arrived)
    return number
  }

  /** It can never fit. */
  rejectTooLong(draft: RequestDraft, number: number): void {
    this.rejected++
    this.tooLong++
    this.#observation?.rejected(draft, number)
    this.#intake.answered(draft.sessionId, this.#clock.now)
  }

  /** It has its last token, on a lane that it has left. */
  complete(lane: Lane, slot: Slot): void {
    const table = this.#table
    const { now } = this.#clock
    const record = this.#record
    record.arrivalSeconds = table.arrival[slot]!
    record.startSeconds = table.started[slot]!
    record.firstTokenSeconds = table.firstToken[slot]!
    record.finishSeconds = now
    record.outputTokens = table.output[slot]!
    lane.tellLeft(slot, record.outputTokens)
    record.classId = table.class[slot]!
    this.#gateway?.done(slot)
    this.#requests.complete(record)
    this.#groups?.finished(slot, record)
    this.#recent?.finished(slot, record)
    this.#observation?.finished(slot, now)
    if (this.#intake.awaitsAnswers) this.#intake.answered(table.session[slot]!, now)
    table.close(slot)
    if (this.#closed) this.vacancies++
  }

  /** It is not let in. */
  refuse(slot: Slot): void {
    this.rejected++
    this.failedSeconds += this.#clock.now - this.#table.arrival[slot]!
    this.#observation?.refused(slot)
    this.#leave(slot)
  }

  /** It is given up. */
  fail(slot: Slot): void {
    this.#gateway?.done(slot)
    this.failed++
    this.#recent?.failed(slot, this.#clock.now)
    this.failedSeconds += this.#clock.now - this.#table.arrival[slot]!
    this.#observation?.failed(slot)
    this.#leave(slot)
    if (this.#closed) this.vacancies++
  }

  #leave(slot: Slot): void {
    this.#intake.answered(this.#table.session[slot]!, this.#clock.now)
    this.#table.close(slot)
  }
}
