import type { PoolSpec, PoolView, RoutedRequest, Slot } from '@llmsim/contracts'
import { BarrierGroup } from './barrier-group.js'
import { NO_SLOT, SimulatorError } from '@llmsim/contracts'
import { policyFailure } from './policy-failure.js'
import type { RunParts } from './replica.js'
import { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'

/** A pool's replicas as its router sees them. */
class ReplicasView implements PoolView {
  now: number = 0
  /** The request that is being routed. */
  slot: Slot = NO_SLOT
  /** Only where the replicas have prefix caches. */
  readonly cachedTokens?: (replica: number) => number
  readonly #replicas: readonly Replica[]

  constructor(replicas: readonly Replica[]) {
    this.#replicas = replicas
    if (replicas[0]?.cache !== undefined)
      this.cachedTokens = (replica) => this.#cachedTokens(replica)
  }

  get replicas(): number {
    return this.#replicas.length
  }

  outstanding(replica: number): number {
    return this.#replicas[replica]!.outstanding
  }

  queued(replica: number): number {
    const { lanes, inbound } = this.#replicas[replica]!
    let queued = inbound.size
    for (const lane of lanes) queued += lane.waiting.size
    return queued
  }

  usedBlocks(replica: number): number {
    return this.#replicas[replica]!.usedBefore(this.now)
  }

  totalBlocks(replica: number): number {
    return this.#replicas[replica]!.kv.total
  }

  #cachedTokens(replica: number): number {
    return this.#replicas[replica]!.cachedTokens(this.slot, this.now)
  }
}

/** Replicas that share a role and a router; each attention rank counts as one. */
export class Pool {
  readonly spec: PoolSpec
  readonly replicas: Replica[] = []
  readonly #view: ReplicasView
  readonly #table: RequestTable
  readonly #request: { -readonly [K in keyof RoutedRequest]: RoutedRequest[K] } = {
    arrivalSeconds: 0,
    promptTokens: 0,
    sessionId: -1,
    priority: 0,
    tenantId: -1,
    classId: -1,
  }

  constructor(spec: PoolSpec, run: RunParts) {
    this.spec = spec
    this.#table = run.table
    for (let index = 0; index < spec.replicas; index++) this.#addReplica(run)
    this.#view = new ReplicasView(this.replicas)
  }

  #addReplica(run: RunParts): void {
    const { spec } = this
    const ranks: Replica[] = []
    for (let rank = 0; rank < (spec.attentionRanks ?? 1); rank++)
      ranks.push(new Replica(this.replicas.length + rank, spec, run, ranks[0]?.stageFree))
    this.replicas.push(...ranks)
    if (ranks.length === 1) return
    for (let stage = 0; stage < spec.stages; stage++)
      new BarrierGroup(
        ranks.map((rank) => rank.lanes[stage]!),
        ranks,
      )
  }

  /** Asks the router. Errors: `CONTRACT` when it names no replica of the pool. */
  route(slot: Slot, now: number): Replica {
    if (this.replicas.length === 1) return this.replicas[0]!
    const request = this.#request
    const table = this.#table
    request.arrivalSeconds = table.arrival[slot]!
    request.promptTokens = table.prompt[slot]!
    request.sessionId = table.session[slot]!
    request.priority = table.priority[slot]!
    request.tenantId = table.tenant[slot]!
    request.classId = table.class[slot]!
    this.#view.now = now
    this.#view.slot = slot
    let chosen: number
    try {
      chosen = this.spec.router.route(request, this.#view)
    } catch (error) {
      throw policyFailure(`router ${this.spec.router.name}`, error)
    }
    const replica = this.replicas[chosen]
    if (replica === undefined)
      throw new SimulatorError({
        code: 'CONTRACT',
        path: `router ${this.spec.router.name}`,
        message: `chose a replica that pool ${this.spec.name} does not have`,
        given: chosen,
        accepted: `a whole number from 0 to ${this.replicas.length - 1}`,
      })
    return replica
  }
}
