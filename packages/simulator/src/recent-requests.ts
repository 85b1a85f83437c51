import type { Slot } from '@llmsim/contracts'
import type { CompletedRequest } from '@llmsim/metrics'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'

/** A request that has left, as an autoscaler remembers it. */
export interface RecentRequest {
  readonly classId: number
  /** Number of the pool that it came to, and of that which it left; below 0: none yet. */
  readonly entryPool: number
  readonly lastPool: number
  readonly arrival: number
  /** NaN where it had none. */
  readonly firstToken: number
  readonly left: number
  readonly ttft: number
  /** NaN where it made one token only. */
  readonly tpot: number
  readonly e2e: number
  /** Whether it was given up. */
  readonly failed: boolean
}

/** Enough of them that letting go of the oldest one by one would cost more than it frees. */
const STALE = 1024

/** The requests that have left in the last while, in the order in which they did. */
export class RecentRequests {
  readonly #table: RequestTable
  /** The replica of each lane. */
  readonly #replicas: readonly Replica[]
  readonly #span: number
  #requests: RecentRequest[] = []
  #first = 0

  /** @param span - for how long they are remembered, in seconds */
  constructor(table: RequestTable, replicas: readonly Replica[], span: number) {
    this.#table = table
    this.#replicas = replicas
    this.#span = span
  }

  /** A request is complete; its slot still holds what it was. */
  finished(slot: Slot, record: CompletedRequest): void {
    const { arrivalSeconds: arrival, firstTokenSeconds: first, finishSeconds: end } = record
    const { outputTokens } = record
    this.#add(slot, {
      arrival,
      firstToken: first,
      left: end,
      ttft: first - arrival,
      tpot: outputTokens > 1 ? (end - first) / (outputTokens - 1) : NaN,
      e2e: end - arrival,
      failed: false,
    })
  }

  /** A request is given up. */
  failed(slot: Slot, now: number): void {
    const arrival = this.#table.arrival[slot]!
    const first = this.#table.firstToken[slot]!
    this.#add(slot, {
      arrival,
      // What is older is another request's.
      firstToken: first > arrival ? first : NaN,
      left: now,
      ttft: Infinity,
      tpot: Infinity,
      e2e: Infinity,
      failed: true,
    })
  }

  /** Calls `each` with those that left after a time. */
  since(time: number, each: (request: RecentRequest) => void): void {
    for (let i = this.#first; i < this.#requests.length; i++) {
      const request = this.#requests[i]!
      if (request.left > time) each(request)
    }
  }

  #add(slot: Slot, request: Omit<RecentRequest, 'classId' | 'entryPool' | 'lastPool'>): void {
    const { entryLane, lane, class: classes } = this.#table
    const poolOf = (number: number): number => (number < 0 ? -1 : this.#replicas[number]!.pool)
    this.#requests.push({
      ...request,
      classId: classes[slot]!,
      entryPool: poolOf(entryLane[slot]!),
      lastPool: poolOf(lane[slot]!),
    })
    const stale = request.left - this.#span
    while (this.#requests[this.#first]!.left < stale) this.#first++
    if (this.#first < STALE || this.#first * 2 < this.#requests.length) return
    this.#requests = this.#requests.slice(this.#first)
    this.#first = 0
  }
}
