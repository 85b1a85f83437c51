import type {
  AdmissionPolicy,
  AdmissionRequest,
  AdmissionView,
  RequestClassSpec,
  Slot,
} from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'
import { policyFailure } from './policy-failure.js'
import type { Pool } from './pool.js'
import type { RequestTable } from './request-table.js'

export interface AdmissionParts {
  readonly policy: AdmissionPolicy
  readonly table: RequestTable
  /** The pools that new requests go to, and all. */
  readonly entry: readonly Pool[]
  readonly pools: readonly Pool[]
  readonly classes: readonly RequestClassSpec[] | undefined
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Asks the admission policy whether a request may enter, and counts refusals by reason. */
export class AdmissionDesk {
  /** Refusals, those of requests that were sent again included. */
  readonly refusals: Map<string, number> = new Map<string, number>()
  /** Requests in the table that are not admitted: the one that asks, and those that will be sent again. */
  outside: number = 0
  readonly #parts: AdmissionParts
  readonly #view: SystemView
  readonly #request: Writable<AdmissionRequest> = {
    arrivalSeconds: 0.5,
    promptTokens: 0,
    maxOutputTokens: 0,
    sessionId: -1,
    priority: 0,
    className: undefined,
    tenantId: -1,
    retries: 0,
  }

  constructor(parts: AdmissionParts) {
    this.#parts = parts
    this.#view = new SystemView(this, parts)
  }

  /**
   * True, or the reason of a refusal.
   *
   * Errors: `CONTRACT` when the policy fails or answers neither
   */
  ask(slot: Slot, now: number, retries: number): true | string {
    const { policy, table, classes } = this.#parts
    const request = this.#request
    const limit = table.limit[slot]!
    request.arrivalSeconds = table.arrival[slot]!
    request.promptTokens = table.prompt[slot]!
    request.maxOutputTokens = limit === 0 ? Infinity : limit
    request.sessionId = table.session[slot]!
    request.priority = table.priority[slot]!
    request.className = classes?.[table.class[slot]!]?.name
    request.tenantId = table.tenant[slot]!
    request.retries = retries
    this.#view.nowSeconds = now
    let answer: unknown
    try {
      answer = policy.admit(request, this.#view)
    } catch (error) {
      throw policyFailure(`admission policy ${policy.name}`, error)
    }
    if (answer === true) return true
    if (typeof answer !== 'string' || answer === '')
      throw new SimulatorError({
        code: 'CONTRACT',
        path: `admission policy ${policy.name}`,
        message: 'answers with neither a yes nor a reason',
        given: answer,
        accepted: 'true, or the reason of a refusal in a word or two',
      })
    this.refusals.set(answer, (this.refusals.get(answer) ?? 0) + 1)
    return answer
  }
}

/** The system as an admission policy sees it; each figure is taken when it is asked for. */
class SystemView implements AdmissionView {
  nowSeconds: number = 0
  readonly #desk: AdmissionDesk
  readonly #parts: AdmissionParts

  constructor(desk: AdmissionDesk, parts: AdmissionParts) {
    this.#desk = desk
    this.#parts = parts
  }

  get outstanding(): number {
    return this.#parts.table.inUse - this.#desk.outside
  }

  get queued(): number {
    let queued = 0
    for (const { replicas } of this.#parts.pools)
      for (const { lanes, inbound } of replicas) {
        queued += inbound.size
        for (const lane of lanes) queued += lane.waiting.size
      }
    return queued
  }

  get queueDelaySeconds(): number {
    const { table, pools } = this.#parts
    let oldest = this.nowSeconds
    for (const { replicas } of pools)
      for (const { lanes } of replicas)
        for (const { waiting } of lanes)
          if (waiting.size > 0) oldest = Math.min(oldest, table.queued[waiting.head]!)
    return this.nowSeconds - oldest
  }

  get usedBlocks(): number {
    let used = 0
    for (const { replicas } of this.#parts.entry)
      for (const replica of replicas) used += replica.usedBefore(this.nowSeconds)
    return used
  }

  get totalBlocks(): number {
    let total = 0
    for (const { replicas } of this.#parts.entry)
      for (const replica of replicas) total += replica.kv.total
    return total
  }
}
