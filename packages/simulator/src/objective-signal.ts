import type {
  AutoscalingSpec,
  PoolRole,
  ServiceObjectives,
  SimulationSpec,
} from '@llmsim/contracts'
import type { ScaledPool } from './scaled-pool.js'
import type { RecentRequest, RecentRequests } from './recent-requests.js'
import type { Replica } from './replica.js'
import { FREE, type RequestTable } from './request-table.js'
import type { ScalingSignal } from './scaling-signal.js'

/** For how long a request counts, in seconds, unless a pool says it. */
export const OBJECTIVE_WINDOW = 60
/** Share of a limit that is met with ease, unless a pool says it: Dynamo's planner scales down at 80 %. */
const SCALE_DOWN_AT = 0.8
/** Replicas become so many times as many at one look, at most: the policy of Kubernetes' scaler by default. */
const MOST_GROWTH = 2
/** For how many windows it is remembered which load was too much. */
const MEMORY = 30
/** What is less than that by this factor is not too much: counts of arrivals are random. */
const MARGIN = 0.9
const ROUNDING = 1e-6

type Metric = 'ttft' | 'tpot' | 'e2e'

/** A limit of a latency, and the share of the requests that are to meet it. */
interface Criterion {
  readonly metric: Metric
  /** The class whose limit it is; below 0: that of all without limits of their own. */
  readonly classId: number
  readonly limit: number
  readonly share: number
}

/** How many requests a criterion is for, met it, and met it with ease. */
interface Tally {
  seen: number
  met: number
  easy: number
}

export interface ObjectiveSignalParts {
  readonly spec: SimulationSpec
  readonly table: RequestTable
  /** The replica of each lane. */
  readonly replicas: readonly Replica[]
  readonly recent: RecentRequests
  /** Requests that found no replica of a pool like this. */
  parked(): number
}

/** The latencies that the requests of a pool's role can be held to. */
export function metricsOf(role: PoolRole): readonly Metric[] {
  if (role === 'prefill') return ['ttft']
  return role === 'decode' ? ['tpot', 'e2e'] : ['ttft', 'tpot', 'e2e']
}

/** What a pool of a role is held to, by class; empty where nothing concerns it. */
export function criteriaOf(spec: SimulationSpec, role: PoolRole, target: number): Criterion[] {
  const criteria: Criterion[] = []
  const add = (classId: number, objectives: ServiceObjectives = {}): void => {
    const limits = {
      ttft: objectives.ttftSeconds,
      tpot: objectives.tpotSeconds,
      e2e: objectives.e2eSeconds,
    }
    for (const metric of metricsOf(role)) {
      const limit = limits[metric]
      if (limit !== undefined) criteria.push({ metric, classId, limit, share: target })
      for (const each of objectives.percentiles ?? [])
        if (each.metric === metric)
          criteria.push({ metric, classId, limit: each.limitSeconds, share: each.quantile })
    }
  }
  add(-1, spec.objectives)
  spec.classes?.forEach((each, i) => {
    if (each.objectives !== undefined) add(i, each.objectives)
  })
  return criteria
}

/**
 * The share of the requests of the last while that met their limits. While it is below the target somewhere, there
 * are to be as many times more replicas as it is too low. One may go while the target is met with ease, and
 * the others would have to take less than what was too much for so many before: latencies say little of how far
 * that is away. Of a change nothing is known before requests come that it was made for: until it has
 * taken effect nothing else changes, and those that came before do not count.
 */
export class ObjectiveSignal implements ScalingSignal {
  readonly #spec: AutoscalingSpec
  readonly #pool: ScaledPool
  readonly #index: number
  readonly #parts: ObjectiveSignalParts
  readonly #criteria: readonly Criterion[]
  readonly #tallies: readonly Tally[]
  /** Classes with limits of their own. */
  readonly #own: readonly boolean[]
  /** When the last change had taken effect, as far as is known; how many replicas that made. */
  #settledAt = 0
  #settledAs: number
  #lookedAt = 0
  /** Requests that came in the window. */
  #arrived = 0
  /** Requests per second and replica that were too many, and when. */
  #tooMany = Infinity
  #tooManyAt = 0
  /** Whether the target was met when somebody looked last, with as many as there are now. */
  #isMet = false

  constructor(spec: AutoscalingSpec, pool: ScaledPool, index: number, parts: ObjectiveSignalParts) {
    this.#spec = spec
    this.#pool = pool
    this.#index = index
    this.#parts = parts
    this.#settledAs = spec.initialReplicas
    this.#criteria = criteriaOf(parts.spec, pool.spec.role, spec.target)
    this.#tallies = this.#criteria.map(() => ({ seen: 0, met: 0, easy: 0 }))
    this.#own = (parts.spec.classes ?? []).map(({ objectives }) => objectives !== undefined)
  }

  wanted(now: number, desired: number, isStarting: boolean): number {
    if (desired !== this.#settledAs) this.#settledAt = Math.max(this.#lookedAt, this.#startedAt)
    this.#settledAs = desired
    this.#lookedAt = now
    if (isStarting) {
      this.#settledAt = now
      this.#isMet = false
      return desired
    }
    this.#count(now)
    let lack = 1
    let any = false
    let easy = true
    this.#criteria.forEach(({ share }, i) => {
      const tally = this.#tallies[i]!
      if (tally.seen === 0) return
      any = true
      if (tally.met < share * tally.seen) lack = Math.max(lack, share / (tally.met / tally.seen))
      if (tally.easy < share * tally.seen) easy = false
    })
    const wasMet = this.#isMet
    if (any) this.#isMet = lack === 1
    if (lack > 1) {
      if (wasMet) this.#remember(now)
      return Math.max(desired + 1, Math.ceil(desired * Math.min(MOST_GROWTH, lack) - ROUNDING))
    }
    return easy && (any || this.#isIdle()) && this.#canSpareOne(now) ? desired - 1 : desired
  }

  /** Requests per second for each of so many replicas. */
  #load(replicas: number, now: number): number {
    const { windowSeconds = OBJECTIVE_WINDOW } = this.#spec
    return this.#arrived / Math.min(now, windowSeconds) / Math.max(1, replicas)
  }

  get #available(): number {
    const { replicas, spec } = this.#pool
    const { length } = replicas.filter(({ state }) => state === 'available')
    return length / (spec.attentionRanks ?? 1)
  }

  #remember(now: number): void {
    this.#tooMany = Math.min(this.#tooMany, this.#load(this.#available, now))
    this.#tooManyAt = now
  }

  #canSpareOne(now: number): boolean {
    const { windowSeconds = OBJECTIVE_WINDOW } = this.#spec
    const isOld = now - this.#tooManyAt > MEMORY * windowSeconds
    // It was not the load.
    const wasWrong = this.#load(this.#available, now) >= this.#tooMany
    if (isOld || wasWrong) this.#tooMany = Infinity
    return this.#load(this.#available - 1, now) < MARGIN * this.#tooMany
  }

  /** When the last of those that were added could take requests. */
  get #startedAt(): number {
    const { replicas, spec } = this.#pool
    const there = replicas.filter(({ state, thereAt }) => state === 'available' && thereAt > 0)
    const { startUpSeconds = 0 } = spec
    return there.reduce((last, { thereAt }) => Math.max(last, thereAt + startUpSeconds), 0)
  }

  #isIdle(): boolean {
    return this.#parts.parked() === 0 && this.#pool.replicas.every((each) => each.outstanding === 0)
  }

  #count(now: number): void {
    const { windowSeconds = OBJECTIVE_WINDOW } = this.#spec
    for (const tally of this.#tallies) {
      tally.seen = 0
      tally.met = 0
      tally.easy = 0
    }
    const from = now - windowSeconds
    this.#arrived = 0
    this.#parts.recent.since(from, (request) => {
      this.#countLeft(request, from)
    })
    this.#countPresent(now, from)
  }

  /** A request that has left. */
  #countLeft(request: RecentRequest, from: number): void {
    const { role } = this.#pool.spec
    const { entryPool, lastPool, firstToken, arrival } = request
    const began = !Number.isNaN(firstToken)
    const own = role === 'decode' ? lastPool : entryPool
    if (arrival > from && (own < 0 || own === this.#index)) this.#arrived++
    this.#criteria.forEach((criterion, i) => {
      const { metric } = criterion
      if (!this.#concerns(criterion, request.classId)) return
      const pool = metric === 'ttft' ? entryPool : lastPool
      if (pool >= 0 && pool !== this.#index) return
      // One that was given up failed where it had not come further.
      if (request.failed && role !== 'mixed' && began !== (role === 'decode')) return
      const start = metric === 'tpot' && began ? firstToken : arrival
      if (start < this.#settledAt) return
      if (metric === 'ttft' && firstToken <= from) return
      if (!Number.isNaN(request[metric])) this.#tally(i, request[metric])
    })
  }

  /** Requests in the system: those that have their first token, and those that are too late for it. */
  #countPresent(now: number, from: number): void {
    const { table, replicas } = this.#parts
    const decodes = this.#pool.spec.role === 'decode'
    for (let slot = 0; slot < table.capacity; slot++) {
      if (table.stage[slot] === FREE) continue
      const entry = table.entryLane[slot]!
      if (!decodes && entry >= 0 && replicas[entry]!.pool !== this.#index) continue
      const arrival = table.arrival[slot]!
      if (arrival > from) this.#arrived++
      if (decodes || arrival < this.#settledAt) continue
      const began = table.generated[slot]! > 0
      const first = table.firstToken[slot]!
      if (began && first <= from) continue
      this.#criteria.forEach((criterion, i) => {
        if (criterion.metric !== 'ttft' || !this.#concerns(criterion, table.class[slot]!)) return
        if (began) this.#tally(i, first - arrival)
        else if (now - arrival > criterion.limit) this.#tally(i, Infinity)
      })
    }
  }

  #concerns({ classId }: Criterion, of: number): boolean {
    return classId === (this.#own[of] === true ? of : -1)
  }

  #tally(index: number, seconds: number): void {
    const { scaleDownAt = SCALE_DOWN_AT } = this.#spec
    const { limit } = this.#criteria[index]!
    const tally = this.#tallies[index]!
    tally.seen++
    if (seconds <= limit) tally.met++
    if (seconds <= limit * scaleDownAt) tally.easy++
  }
}
