import type { PoolView, Router, Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import { RequestList } from './request-list.js'
import type { RequestTable } from './request-table.js'
import { routerAnswer } from './router-answer.js'

/** Pools as the router in front of them sees them: each one's figures are those of its replicas together. */
class PoolsView implements PoolView {
  pools: readonly Pool[] = []

  get replicas(): number {
    return this.pools.length
  }

  outstanding(pool: number): number {
    return this.#sum(pool, (view, replica) => view.outstanding(replica))
  }

  queued(pool: number): number {
    return this.#sum(pool, (view, replica) => view.queued(replica))
  }

  usedBlocks(pool: number): number {
    return this.#sum(pool, (view, replica) => view.usedBlocks(replica))
  }

  totalBlocks(pool: number): number {
    return this.#sum(pool, (view, replica) => view.totalBlocks(replica))
  }

  id(pool: number): number {
    return this.pools[pool]!.index
  }

  #sum(pool: number, of: (view: PoolView, replica: number) => number): number {
    const { view } = this.pools[pool]!
    let sum = 0
    for (let replica = 0; replica < view.replicas; replica++) sum += of(view, replica)
    return sum
  }
}

/** The pools that requests come to first, or those that decode what others prefilled. */
export class PoolGroup {
  readonly pools: readonly Pool[]
  /** Requests for which no replica is there at the moment. */
  readonly parked: RequestList
  readonly #table: RequestTable
  /** Where requests go from the prefill pools of this group. */
  readonly #next: PoolGroup | undefined
  readonly #router: Router | undefined
  readonly #view = new PoolsView()

  constructor(
    pools: readonly Pool[],
    table: RequestTable,
    router: Router | undefined,
    next: PoolGroup | undefined,
  ) {
    this.pools = pools
    this.parked = new RequestList(table)
    this.#table = table
    this.#router = router
    this.#next = next
  }

  /** The replica that takes a request; undefined while there is none. Errors: `CONTRACT` of a router. */
  route(slot: Slot, now: number): Replica | undefined {
    if (this.pools.length === 1) return this.pools[0]!.route(slot, now)
    const pools = this.#candidates(slot)
    if (pools.length === 0) return undefined
    if (pools.length === 1) return pools[0]!.route(slot, now)
    for (const pool of pools) pool.lookAt(slot, now)
    this.#view.pools = pools
    const chosen =
      this.#router === undefined
        ? 0
        : routerAnswer(this.#router, pools[0]!.routed(slot), this.#view, 'of pools')
    return pools[chosen]!.route(slot, now)
  }

  /** Whether an empty replica of some pool could hold a request to its last token. */
  fits(promptTokens: number, outputTokens: number): boolean {
    return this.pools.some((pool) => this.#suits(pool, promptTokens, outputTokens))
  }

  /** Whether a replica will be there for some of the requests that found none. */
  get hasHope(): boolean {
    for (let slot = this.parked.head; slot !== NO_SLOT; slot = this.#table.next[slot]!)
      for (const pool of this.pools)
        if (this.#suitsSlot(pool, slot) && pool.replicas.some(({ isLost }) => !isLost)) return true
    return false
  }

  #candidates(slot: Slot): readonly Pool[] {
    return this.pools.filter((pool) => pool.available.length > 0 && this.#suitsSlot(pool, slot))
  }

  #suitsSlot(pool: Pool, slot: Slot): boolean {
    const { prefillTarget, prompt, output } = this.#table
    // A request that is served again may have more to compute than its prompt.
    const more = prefillTarget[slot]! - prompt[slot]!
    return this.#suits(pool, prefillTarget[slot]!, output[slot]! - more)
  }

  #suits(pool: Pool, promptTokens: number, outputTokens: number): boolean {
    if (!pool.fits(promptTokens, outputTokens)) return false
    if (pool.spec.role !== 'prefill') return true
    return this.#next !== undefined && this.#next.fits(promptTokens, outputTokens)
  }
}
