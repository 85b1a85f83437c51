import type {
  Distribution,
  LatencyFigures,
  RequestDraft,
  SimulationResult,
  SimulationSpec,
  Slot,
} from '@llmsim/contracts'
import type { CompletedRequest, RequestMetricsOptions } from '@llmsim/metrics'
import { RequestGroup, TenantService } from '@llmsim/metrics'
import { DecoderTally, TENANTS } from './decoder-tally.js'
import type { KvHandover } from './kv-handover.js'
import type { Lane } from './lane.js'
import { LatencyGroup } from './latency-group.js'
import type { PartDistributionFactory } from './part-distribution.js'
import type { Pool } from './pool.js'
import type { RequestTable } from './request-table.js'

/** Replicas with latencies of their own, at most. */
const REPLICAS = 256

export interface GroupParts {
  readonly spec: SimulationSpec
  readonly pools: readonly Pool[]
  readonly lanes: readonly Lane[]
  readonly table: RequestTable
  readonly handover: KvHandover | undefined
  readonly newDistribution: PartDistributionFactory
  /** For gaps between tokens. */
  readonly newGaps: PartDistributionFactory
}

/**
 * Statistics of parts of the requests: of each class, tenant, pool and replica. A run without any of
 * them has none, and costs nothing.
 */
export class GroupStatistics {
  readonly #parts: GroupParts
  readonly #start: number
  readonly #end: number
  readonly #table: RequestTable
  /** The classes, then the tenants as they come. */
  readonly #groups: RequestGroup[] = []
  readonly #classes: number
  readonly #tenants: TenantService | undefined
  /** By pool and replica, where a pool has several; by pool, where there are several pools and it has not. */
  readonly #pools: readonly (LatencyGroup | undefined)[]
  readonly #replicas: readonly (readonly LatencyGroup[])[]
  /** By lane: its pool. */
  readonly #poolOf: Int32Array
  /** By group: decoders of the segment at hand that decode for the first time. */
  readonly #joined: Int32Array
  readonly #tallied: boolean
  readonly #firstTokenFromDecode: boolean

  constructor(parts: GroupParts) {
    const { spec, pools, lanes, newDistribution, newGaps } = parts
    this.#parts = parts
    this.#table = parts.table
    this.#start = spec.warmUpSeconds
    this.#end = spec.durationSeconds
    this.#firstTokenFromDecode = spec.firstTokenFrom === 'decode'
    this.#classes = spec.classes?.length ?? 0
    for (const each of spec.classes ?? [])
      this.#groups.push(
        new RequestGroup(each.name, {
          ...this.#options(),
          objectives: each.objectives ?? spec.objectives,
        }),
      )
    this.#tenants = spec.tenants === undefined ? undefined : new TenantService()
    this.#tallied = this.#classes > 0 || this.#tenants !== undefined
    this.#joined = new Int32Array(this.#classes + TENANTS + 1)
    if (this.#tallied)
      for (const lane of lanes) lane.tally = new DecoderTally(parts.table, this.#classes)
    const few = pools.reduce((sum, pool) => sum + pool.replicas.length, 0) <= REPLICAS
    this.#replicas = pools.map(({ replicas }) =>
      few && replicas.length > 1
        ? replicas.map(() => new LatencyGroup(newDistribution, newGaps))
        : [],
    )
    this.#pools = this.#replicas.map((replicas) =>
      pools.length > 1 && replicas.length === 0
        ? new LatencyGroup(newDistribution, newGaps)
        : undefined,
    )
    this.#poolOf = new Int32Array(lanes.length)
    pools.forEach((pool, number) => {
      for (const replica of pool.replicas)
        for (const lane of replica.lanes) this.#poolOf[lane.id] = number
    })
  }

  /** Whether a run has groups at all. */
  static has({ classes, tenants, pools }: SimulationSpec): boolean {
    return (
      classes !== undefined ||
      tenants !== undefined ||
      pools.length > 1 ||
      pools.some((pool) => pool.replicas > 1)
    )
  }

  arrived(draft: RequestDraft): void {
    if (!this.#tallied) return
    const { classId = -1, tenantId = -1 } = draft
    if (classId >= 0 && classId < this.#classes) this.#groups[classId]!.requests.arrive(draft)
    if (tenantId < 0 || this.#tenants === undefined) return
    this.#tenants.meet(tenantId)
    this.#tenantGroup(tenantId).requests.arrive(draft)
  }

  /** A request is complete; its slot still holds what it was. */
  finished(slot: Slot, record: CompletedRequest): void {
    const table = this.#table
    const { arrivalSeconds: arrival } = record
    const arrivedInWindow = arrival >= this.#start && arrival <= this.#end
    const transfer = this.#transferSeconds(slot)
    if (this.#tallied) {
      this.#groupFinished(table.class[slot]!, record, arrivedInWindow ? transfer : NaN)
      const tenant = table.tenant[slot]!
      if (tenant >= 0 && this.#tenants !== undefined) {
        const group = this.#classes + Math.min(tenant, TENANTS)
        this.#tenantGroup(tenant)
        this.#groupFinished(group, record, arrivedInWindow ? transfer : NaN)
        if (arrivedInWindow)
          this.#tenants.served(
            tenant,
            table.prompt[slot]!,
            record.outputTokens,
            record.finishSeconds - arrival,
          )
      }
    }
    if (!arrivedInWindow) return
    const lane = this.#parts.lanes[table.lane[slot]!]!
    const pool = this.#poolOf[lane.id]!
    const entry = this.#parts.lanes[table.entryLane[slot]!]!
    const entryPool = this.#poolOf[entry.id]!
    const firstLane = this.#firstTokenFromDecode && entry.view.role === 'prefill' ? lane : entry
    const firstPool = this.#poolOf[firstLane.id]!
    const queue = record.startSeconds - arrival
    const ttft = record.firstTokenSeconds - arrival
    this.#partOf(entryPool, entry)?.queue.add(queue)
    this.#partOf(firstPool, firstLane)?.ttft.add(ttft)
    const last = this.#partOf(pool, lane)
    if (last !== undefined) addLast(last, record, transfer)
  }

  /** The replica of a lane, or its pool, if either has latencies of its own. */
  #partOf(pool: number, lane: Lane): LatencyGroup | undefined {
    return this.#pools[pool] ?? this.#replicas[pool]![lane.replica]
  }

  /** A segment of decode steps ended, of which those from `skipped` on are measured. */
  decoded(lane: Lane, skipped: number, measured: number): void {
    const pool = this.#poolOf[lane.id]!
    const { size } = lane.decoders
    const part = this.#partOf(pool, lane)
    if (part !== undefined) addAllGaps(part.gaps, lane, skipped, measured)
    if (lane.tally === undefined || size === 0) return
    const { counts } = lane.tally
    const joined = this.#joined
    if (skipped === 0) this.#addJoinedGaps(lane)
    for (let g = 0; g < this.#groups.length; g++) {
      const count = counts[g]!
      if (count === 0) continue
      const group = this.#groups[g]!
      group.outputTokens += count * measured
      addGaps(group.gaps, lane, skipped, measured, count, count - joined[g]!)
    }
    if (lane.fresh.size > 0) joined.fill(0)
  }

  /** A prompt is done inside the window: it made a token, not its first where `gap` is a number. */
  prefilled(lane: Lane, slot: Slot, gap: number): void {
    const again = !Number.isNaN(gap)
    if (again) this.#partOf(this.#poolOf[lane.id]!, lane)?.gaps.add(gap)
    if (!this.#tallied) return
    for (const group of [this.#classOf(slot), this.#tenantOf(slot)]) {
      if (group === undefined) continue
      group.outputTokens++
      if (again) group.gaps.add(gap)
    }
  }

  /** What it adds to the results of the whole run. */
  figures(seconds: number): Pick<SimulationResult, 'classes' | 'tenants' | 'fairness'> {
    const figures = this.#groups.map((group) => group.figures(seconds))
    return {
      ...(this.#parts.spec.classes === undefined
        ? {}
        : { classes: figures.slice(0, this.#classes) }),
      ...(this.#tenants === undefined
        ? {}
        : { tenants: figures.slice(this.#classes), fairness: this.#tenants.figures() }),
    }
  }

  poolLatency(pool: number): LatencyFigures | undefined {
    const own = this.#pools[pool]
    if (own !== undefined) return own.figures()
    if (this.#pools.length === 1) return undefined
    const { newDistribution, newGaps } = this.#parts
    const sum = new LatencyGroup(newDistribution, newGaps)
    for (const replica of this.#replicas[pool]!) sum.addAll(replica)
    return sum.figures()
  }

  replicaLatency(pool: number, replica: number): LatencyFigures | undefined {
    return this.#replicas[pool]?.[replica]?.figures()
  }

  #groupFinished(group: number, record: CompletedRequest, transfer: number): void {
    const into = this.#groups[group]
    if (into === undefined) return
    into.requests.complete(record)
    if (!Number.isNaN(transfer)) into.transfers.add(transfer)
  }

  #addJoinedGaps(lane: Lane): void {
    const { fresh, segment, table } = lane
    for (let i = 0; i < fresh.size; i++) {
      const slot = fresh.slots[i]!
      const gap = segment.start - table.lastToken[slot]! + segment.seconds
      const byClass = table.class[slot]!
      if (byClass >= 0 && byClass < this.#classes) this.#joinedGap(byClass, gap)
      const tenant = table.tenant[slot]!
      if (tenant >= 0) this.#joinedGap(this.#classes + Math.min(tenant, TENANTS), gap)
    }
  }

  #joinedGap(group: number, gap: number): void {
    this.#joined[group] = this.#joined[group]! + 1
    // A first token ends none.
    if (gap >= 0) this.#groups[group]?.gaps.add(gap)
  }

  #classOf(slot: Slot): RequestGroup | undefined {
    const byClass = this.#table.class[slot]!
    return byClass < this.#classes ? this.#groups[byClass] : undefined
  }

  #tenantOf(slot: Slot): RequestGroup | undefined {
    const tenant = this.#table.tenant[slot]!
    return tenant < 0 || this.#tenants === undefined ? undefined : this.#tenantGroup(tenant)
  }

  /** The group of a tenant, made when it is met first, with those of lower numbers. */
  #tenantGroup(tenant: number): RequestGroup {
    const number = Math.min(tenant, TENANTS)
    const { spec } = this.#parts
    for (let next = this.#groups.length - this.#classes; next <= number; next++)
      this.#groups.push(
        new RequestGroup(
          next === TENANTS ? 'all others' : (spec.tenants?.[next] ?? `tenant ${next}`),
          { ...this.#options(), objectives: spec.objectives, classes: spec.classes ?? [] },
        ),
      )
    return this.#groups[this.#classes + number]!
  }

  #options(): Pick<
    RequestMetricsOptions,
    'newDistribution' | 'newGapDistribution' | 'startSeconds' | 'endSeconds'
  > {
    const { newDistribution, newGaps } = this.#parts
    return {
      newDistribution,
      newGapDistribution: newGaps,
      startSeconds: this.#start,
      endSeconds: this.#end,
    }
  }

  #transferSeconds(slot: Slot): number {
    const { handover } = this.#parts
    return handover === undefined ? NaN : handover.arrivedAt(slot) - handover.readyAt(slot)
  }
}

/** Records what the replica that makes the last token has to do with. */
function addLast(group: LatencyGroup, record: CompletedRequest, transfer: number): void {
  group.e2e.add(record.finishSeconds - record.arrivalSeconds)
  if (record.outputTokens > 1)
    group.tpot.add((record.finishSeconds - record.firstTokenSeconds) / (record.outputTokens - 1))
  if (!Number.isNaN(transfer)) group.transfers.add(transfer)
}

/** The gaps of all decoders of a lane, those that have just joined included. */
function addAllGaps(gaps: Distribution, lane: Lane, skipped: number, measured: number): void {
  const { fresh, segment, table, decoders } = lane
  if (skipped === 0)
    for (let i = 0; i < fresh.size; i++) {
      const gap = segment.start - table.lastToken[fresh.slots[i]!]! + segment.seconds
      if (gap >= 0) gaps.add(gap)
    }
  addGaps(gaps, lane, skipped, measured, decoders.size, decoders.size - fresh.size)
}

/**
 * The gaps that a segment's steps end, of `count` decoders, `others` of which have decoded before; the
 * first gaps of the rest are for the caller.
 */
function addGaps(
  gaps: Distribution,
  lane: Lane,
  skipped: number,
  measured: number,
  count: number,
  others: number,
): void {
  const { start, seconds, growth } = lane.segment
  if (skipped === 0 && others > 0) gaps.add(start - lane.lastDecodeEnd + seconds, others)
  const from = Math.max(1, skipped)
  gaps.addSeries(seconds + from * growth, growth, skipped + measured - from, count)
}
