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
}

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
  create(options: RouterOptions): Router
}
