import type { SimulationSpec } from '@llmsim/contracts'
import type { BarrierGroup } from './barrier-group.js'
import type { Lane } from './lane.js'
import { DecodePromises } from './decode-promises.js'
import { PoolGroup } from './pool-group.js'
import { Pool } from './pool.js'
import type { Replica } from './replica.js'
import type { RequestTable } from './request-table.js'

/** All pools of a run, their replicas and lanes, and the way that requests take through them. */
export class PoolSet {
  readonly pools: readonly Pool[]
  readonly lanes: Lane[] = []
  /** The replica of each lane. */
  readonly replicas: Replica[] = []
  /** The group of each lane that starts its steps together with others. */
  readonly groups: readonly (BarrierGroup | undefined)[]
  /** The pools that requests come to first. */
  readonly entry: PoolGroup
  /** The pools that decode what others prefilled; none in aggregated serving. */
  readonly decode: PoolGroup
  /** Decode replicas that requests were promised, where a decider says where prompts are computed. */
  readonly promises: DecodePromises<Replica> | undefined

  constructor(spec: SimulationSpec, table: RequestTable) {
    this.promises = spec.decider === undefined ? undefined : new DecodePromises()
    table.promises = this.promises
    const parts = {
      table,
      lanes: this.lanes,
      replicas: this.replicas,
      windowStart: spec.warmUpSeconds,
      windowEnd: spec.durationSeconds,
      breakdown: spec.breakdown === true,
    }
    this.pools = spec.pools.map((pool, index) => new Pool(index, pool, parts))
    const groups: (BarrierGroup | undefined)[] = this.lanes.map(() => undefined)
    for (const pool of this.pools)
      for (const group of pool.groups) for (const { lane } of group.members) groups[lane.id] = group
    this.groups = groups
    const decoding = this.pools.filter(({ spec: { role } }) => role === 'decode')
    const entry = this.pools.filter(({ spec: { role } }) => role !== 'decode')
    this.decode = new PoolGroup(decoding, table, spec.poolRouters?.decode, undefined)
    this.entry = new PoolGroup(entry, table, spec.poolRouters?.entry, this.decode)
  }

  /** Requests for which no replica is there at the moment. */
  get parked(): number {
    return this.entry.parked.size + this.decode.parked.size
  }

  /** Whether a replica will be there for some of them. */
  get hasHope(): boolean {
    if (this.entry.hasHope || this.decode.hasHope) return true
    return this.promises !== undefined && this.entry.parked.size > 0 && this.decode.expects
  }
}
