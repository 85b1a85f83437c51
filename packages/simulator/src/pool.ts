import type { AdapterPlace, PoolSpec, PoolView, RoutedRequest, Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { AdapterColumn } from './adapter-column.js'
import { Autoscaler } from './autoscaler.js'
import type { ScalingSignal } from './scaling-signal.js'
import type { StartUpParts } from './start-up.js'
import { BarrierGroup } from './barrier-group.js'
import { PrefixKey } from './prefix-key.js'
import type { KvBlocks } from './kv-blocks.js'
import type { RunParts } from './replica.js'
import { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'
import { routerAnswer } from './router-answer.js'
import { StaleLoads } from './stale-loads.js'
import type { Timetable } from './timetable.js'
import { sharedTiers, type SharedTiers } from './tier-stack.js'

/** More tokens than a request can have: its prompt and its output are 32-bit integers. */
const TOKENS_BEYOND_ANY = 2 ** 32

/** A pool's replicas that can take requests, as its router sees them. */
class ReplicasView implements PoolView {
  now: number = 0
  /** The request that is being routed. */
  slot: Slot = NO_SLOT
  /** Only where the replicas have prefix caches. */
  readonly cachedTokens?: (replica: number) => number
  /** Only where they have slots for LoRA adapters. */
  readonly adapterPlace?: (replica: number) => AdapterPlace
  readonly freeAdapterSlots?: (replica: number) => number
  readonly #pool: Pool

  constructor(pool: Pool, adapters: AdapterColumn | undefined) {
    this.#pool = pool
    if (pool.replicas[0]?.cache !== undefined)
      this.cachedTokens = (replica) => pool.available[replica]!.cachedTokens(this.slot, this.now)
    if (adapters === undefined || pool.replicas[0]?.adapters === undefined) return
    this.adapterPlace = (replica) => {
      const adapter = adapters.ids[this.slot]!
      return adapter < 0 ? 'resident' : pool.available[replica]!.adapters!.placeOf(adapter)
    }
    this.freeAdapterSlots = (replica) => pool.available[replica]!.adapters!.freeSlots
  }

  get replicas(): number {
    return this.#pool.available.length
  }

  outstanding(replica: number): number {
    const { available, stale } = this.#pool
    const one = available[replica]!
    return stale === undefined ? one.outstanding : stale.seen.outstanding[one.index]!
  }

  queued(replica: number): number {
    const { available, stale } = this.#pool
    const one = available[replica]!
    return stale === undefined ? one.queued : stale.seen.queued[one.index]!
  }

  usedBlocks(replica: number): number {
    const { available, stale } = this.#pool
    const one = available[replica]!
    return stale === undefined ? one.usedBefore(this.now) : stale.seen.usedBlocks[one.index]!
  }

  totalBlocks(replica: number): number {
    return this.#pool.available[replica]!.kv.total
  }

  id(replica: number): number {
    return this.#pool.available[replica]!.index
  }
}

/** Replicas that share a role and a router; each attention rank counts as one. */
export class Pool {
  /** Its number in the run. */
  readonly index: number
  readonly spec: PoolSpec
  readonly replicas: Replica[] = []
  /** Attention ranks that start each step together; none with one rank. */
  readonly groups: BarrierGroup[] = []
  /** Those that can take requests. */
  available: readonly Replica[]
  /** What the router knows of their loads, where these take a while to reach it. */
  stale: StaleLoads | undefined = undefined
  autoscaler: Autoscaler | undefined = undefined
  readonly #view: ReplicasView
  readonly #decodes: boolean
  /** Tokens of a request that an empty replica holds at most. */
  readonly #mostTokens: number
  readonly #table: RequestTable
  readonly #shared: SharedTiers
  readonly #request: { -readonly [K in keyof RoutedRequest]: RoutedRequest[K] } = {
    arrivalSeconds: 0,
    promptTokens: 0,
    sessionId: -1,
    priority: 0,
    tenantId: -1,
    classId: -1,
    adapterId: -1,
  }

  constructor(index: number, spec: PoolSpec, run: RunParts) {
    this.index = index
    this.spec = spec
    this.#table = run.table
    const { prefix } = run.table
    this.#shared = sharedTiers(spec.prefixCaching, prefix?.contents, spec.memory.blockSize)
    for (let copy = 0; copy < spec.replicas; copy++) this.#addReplica(run)
    this.available = this.replicas
    this.#decodes = spec.role !== 'prefill'
    const { kv } = this.replicas[0]!
    // Beside a transferred cache so many blocks stay free that the first to decode can grow.
    this.#mostTokens = mostTokensIn(kv, kv.total - (spec.role === 'decode' ? kv.mostGrowth : 0))
    this.#view = new ReplicasView(this, run.table.adapters)
    if (prefix !== undefined) {
      const key = new PrefixKey(prefix.contents)
      this.#request.prefixKey = (tokens) => key.of(this.#view.slot, tokens)
    }
  }

  #addReplica(run: RunParts): void {
    const { spec } = this
    const ranks: Replica[] = []
    for (let rank = 0; rank < (spec.attentionRanks ?? 1); rank++)
      ranks.push(
        new Replica(
          this.replicas.length + rank,
          this.index,
          spec,
          run,
          this.#shared,
          ranks[0]?.stageFree,
        ),
      )
    this.replicas.push(...ranks)
    if (ranks.length === 1) return
    for (let stage = 0; stage < spec.stages; stage++)
      this.groups.push(
        new BarrierGroup(
          ranks.map((rank) => rank.lanes[stage]!),
          ranks,
        ),
      )
  }

  /** Starts what keeps the number of replicas to the load. */
  autoscale(signal: ScalingSignal, parts: StartUpParts): void {
    this.autoscaler = new Autoscaler(this.spec.autoscaling!, this, signal, parts)
  }

  /** Lets loads take as long to reach the router as they do. */
  delaySignals(timetable: Timetable): void {
    const { signalDelaySeconds = 0 } = this.spec
    if (signalDelaySeconds > 0)
      this.stale = new StaleLoads(this.replicas, signalDelaySeconds, timetable)
  }

  /** Replicas by copy of the model: all attention ranks of one stand and fall together. */
  get copies(): Replica[][] {
    const { replicas, attentionRanks: ranks = 1 } = this.spec
    return Array.from({ length: replicas }, (_, copy) =>
      this.replicas.slice(copy * ranks, (copy + 1) * ranks),
    )
  }

  /** Replicas by node: those that have devices on it. */
  get nodes(): Replica[][] {
    const { replicas, devicesPerReplica, devicesPerNode = devicesPerReplica } = this.spec
    const count = Math.ceil((replicas * devicesPerReplica) / devicesPerNode)
    const { copies } = this
    return Array.from({ length: count }, (_, node) =>
      copies
        .slice(
          Math.floor((node * devicesPerNode) / devicesPerReplica),
          Math.ceil(((node + 1) * devicesPerNode) / devicesPerReplica),
        )
        .flat(),
    )
  }

  get view(): PoolView {
    return this.#view
  }

  /** Sets the time at which the view shows the replicas, and the request that is being routed. */
  lookAt(slot: Slot, now: number): void {
    this.#view.slot = slot
    this.#view.now = now
    this.stale?.lookAt(now)
  }

  /** Takes note of which replicas can take requests. */
  refresh(): void {
    this.available = this.replicas.filter(({ state }) => state === 'available')
  }

  /** Whether a replica will be there some time. */
  get hasHope(): boolean {
    return this.replicas.some(
      ({ isLost, state }) => !isLost && (state !== 'off' || this.autoscaler!.hasHope),
    )
  }

  /** Whether an empty replica holds a request: its last token's KV included, where it decodes here. */
  fits(promptTokens: number, outputTokens: number): boolean {
    return (this.#decodes ? promptTokens + outputTokens - 1 : promptTokens) <= this.#mostTokens
  }

  /** Asks the router; undefined while no replica is there. Errors: `CONTRACT` of the router. */
  route(slot: Slot, now: number): Replica | undefined {
    const { available, spec } = this
    if (available.length <= 1) return available[0]
    this.lookAt(slot, now)
    return available[routerAnswer(spec.router, this.routed(slot), this.#view, spec.name)]
  }

  /** A request as routers see it; the object is reused. */
  routed(slot: Slot): RoutedRequest {
    const request = this.#request
    const table = this.#table
    request.arrivalSeconds = table.arrival[slot]!
    request.promptTokens = table.prompt[slot]!
    request.sessionId = table.session[slot]!
    request.priority = table.priority[slot]!
    request.tenantId = table.tenant[slot]!
    request.classId = table.class[slot]!
    if (table.adapters !== undefined) request.adapterId = table.adapters.ids[slot]!
    return request
  }
}

/** The most tokens of one request that so many blocks hold, by halving what is between. */
function mostTokensIn(kv: KvBlocks, blocks: number): number {
  let fits = 0
  let beyond = TOKENS_BEYOND_ANY
  while (beyond - fits > 1) {
    const middle = Math.floor((fits + beyond) / 2)
    if (kv.blocksFor(middle) <= blocks) fits = middle
    else beyond = middle
  }
  return fits
}
