/** What a router may know of a pool's replicas that can take requests, numbered from 0. */
export interface PoolView {
  readonly replicas: number
  /** Requests routed to it and not finished (or, in a prefill pool, not handed over). */
  outstanding(replica: number): number
  /** Requests in its queue. */
  queued(replica: number): number
  /** KV blocks in use, those reserved for transfers included. */
  usedBlocks(replica: number): number
  totalBlocks(replica: number): number
  /**
   * A number that stays with a replica while others fail, return, or are scaled away: only those that
   * can take requests are in the view, numbered without gaps. Absent: its number in the view.
   */
  id?(replica: number): number
  /**
   * Tokens of the prompt that is being routed that the replica's prefix cache holds; absent where no replica
   * of the pool has one.
   */
  cachedTokens?(replica: number): number
  /**
   * Where the LoRA adapter of the request that is being routed is at a replica; absent where no replica of the
   * pool has slots for adapters.
   */
  adapterPlace?(replica: number): AdapterPlace
  /** Slots that neither running nor waiting requests of a replica need for their adapters; below 0: they wait. */
  freeAdapterSlots?(replica: number): number
}

/**
 * `running`: requests that run there have it; `waiting`: requests that wait there do; `resident`: nobody has,
 * and it is in the memory of the devices; `absent`: none of these.
 */
export type AdapterPlace = 'running' | 'waiting' | 'resident' | 'absent'

/** What a router may know of a request. */
export interface RoutedRequest {
  readonly arrivalSeconds: number
  readonly promptTokens: number
  /** Number of its session; -1: none. */
  readonly sessionId: number
  readonly priority: number
  /** Number of who sent it, from 0; -1: nobody in particular. */
  readonly tenantId?: number
  /** Number of its class, from 0; -1: none. */
  readonly classId?: number
  /** Number of its LoRA adapter, from 0; -1: none. */
  readonly adapterId?: number
  /**
   * A number that prompts with the same first `tokens` tokens share, those of one adapter; -1 where nobody knows
   * what it begins with. Absent where nothing is known of any prompt.
   */
  prefixKey?(tokens: number): number
}

/** Which replica of a pool takes a request. */
export interface Router {
  readonly name: string
  /** A replica's number, from 0 to `pool.replicas - 1`. */
  route(request: RoutedRequest, pool: PoolView): number
}

export interface RouterOptions {
  /** The router's own random stream, uniform in [0, 1). */
  random(): number
  readonly extra: Readonly<Record<string, unknown>>
}

/** Makes a router: what a registry or a plug-in holds. */
export interface RouterFactory {
  readonly name: string
  readonly description: string
  /** Names of its options; absent: any. */
  readonly options?: readonly string[]
  create(options: RouterOptions): Router
}
