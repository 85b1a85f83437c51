import type { AdapterPlace, PoolView, Router, Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import { RequestList } from './request-list.js'
import type { RequestTable } from './request-table.js'
import { routerAnswer } from './router-answer.js'

const places: readonly AdapterPlace[] = ['running', 'resident', 'waiting']

/**
 * Pools as the router in front of them sees them: requests are those of a replica on average, so that a
 * large pool gets more of them than a small one; blocks are those of all replicas.
 */
class PoolsView implements PoolView {
  pools: readonly Pool[] = []
  /** Only where some pool has prefix caches. */
  readonly cachedTokens?: (pool: number) => number
  /** The best of the pool's replicas, where these have slots for LoRA adapters. */
  readonly adapterPlace?: (pool: number) => AdapterPlace
  readonly freeAdapterSlots?: (pool: number) => number

  constructor(pools: readonly Pool[]) {
    if (pools.some(({ view }) => view.freeAdapterSlots !== undefined)) {
      this.adapterPlace = (pool) => {
        const { view } = this.pools[pool]!
        const found = new Set<AdapterPlace>()
        for (let replica = 0; replica < view.replicas; replica++)
          found.add(view.adapterPlace?.(replica) ?? 'absent')
        return places.find((place) => found.has(place)) ?? 'absent'
      }
      this.freeAdapterSlots = (pool) => {
        const { view } = this.pools[pool]!
        let most = -Infinity
        for (let replica = 0; replica < view.replicas; replica++)
          most = Math.max(most, view.freeAdapterSlots?.(replica) ?? 0)
        return most
      }
    }
    if (pools.some(({ view }) => view.cachedTokens !== undefined))
      this.cachedTokens = (pool) => {
        const { view } = this.pools[pool]!
        let most = 0
        for (let replica = 0; replica < view.replicas; replica++)
          most = Math.max(most, view.cachedTokens?.(replica) ?? 0)
        return most
      }
  }

  get replicas(): number {
    return this.pools.length
  }

  outstanding(pool: number): number {
    return this.#sum(pool, 'outstanding') / this.pools[pool]!.view.replicas
  }

  queued(pool: number): number {
    return this.#sum(pool, 'queued') / this.pools[pool]!.view.replicas
  }

  usedBlocks(pool: number): number {
    return this.#sum(pool, 'usedBlocks')
  }

  totalBlocks(pool: number): number {
    return this.#sum(pool, 'totalBlocks')
  }

  id(pool: number): number {
    return this.pools[pool]!.index
  }

  #sum(pool: number, of: 'outstanding' | 'queued' | 'usedBlocks' | 'totalBlocks'): number {
    const { view } = this.pools[pool]!
    let sum = 0
    for (let replica = 0; replica < view.replicas; replica++) sum += view[of](replica)
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
  readonly #view: PoolsView
  /** The pool, where there is one and requests stay in it. */
  readonly #whole: Pool | undefined

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
    this.#view = new PoolsView(pools)
    const [first] = pools
    this.#whole = pools.length === 1 && first!.spec.role !== 'prefill' ? first : undefined
  }

  /** The replica that takes every request, where there is no other; undefined while it cannot. */
  get only(): Replica | undefined {
    const { available } = this.pools[0]!
    return this.pools.length === 1 && available.length === 1 ? available[0] : undefined
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
    if (this.#whole !== undefined) return this.#whole.fits(promptTokens, outputTokens)
    for (const pool of this.pools) if (this.#suits(pool, promptTokens, outputTokens)) return true
    return false
  }

  /** The same for one that has come. */
  fitsSlot(slot: Slot): boolean {
    return this.pools.some((pool) => this.#suitsSlot(pool, slot))
  }

  /** Whether a replica will be there for some of the requests that found none. */
  get hasHope(): boolean {
    for (let slot = this.parked.head; slot !== NO_SLOT; slot = this.#table.next[slot]!)
      for (const pool of this.pools) if (this.#suitsSlot(pool, slot) && pool.hasHope) return true
    return false
  }

  /** Whether a replica will be there that is not now. */
  get expects(): boolean {
    return this.pools.some(({ replicas }) =>
      replicas.some(({ isLost, state }) => !isLost && state !== 'available'),
    )
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
