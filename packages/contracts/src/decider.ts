import type { RoutedRequest } from './router.js'

/** What a decider may know when a request comes: the decode replica that will have it, and the prefill pools. */
export interface DeciderView {
  readonly nowSeconds: number
  /** Prompt tokens that the prefix cache of the decode replica holds; 0 without one. */
  readonly cachedTokens: number
  /** Requests in the queue of the decode replica, and those that it has in all, on their way to it included. */
  readonly decodeQueued: number
  readonly decodeOutstanding: number
  /** Its KV blocks in use, those reserved for transfers included, and those that there are. */
  readonly usedBlocks: number
  readonly totalBlocks: number
  /** Replicas of the pools that requests come to (prefill pools, and mixed ones), as many as can take requests. */
  readonly prefillReplicas: number
  /** Requests in their queues, and those that they have in all. */
  readonly prefillQueued: number
  readonly prefillOutstanding: number
}

/**
 * Whether a prefill pool computes the prompt of a request, or the replica that will decode it.
 *
 * Asked once each time that a request is routed, after the router of the decode pools has chosen its decode
 * replica. Loads are as old as those that routers see.
 */
export interface PrefillDecider {
  readonly name: string
  /** `prefill`: a prefill pool does, and the KV cache is sent; `decode`: the decode replica does. */
  decide(request: RoutedRequest, view: DeciderView): 'prefill' | 'decode'
}

export interface DeciderOptions {
  /** The decider's own random stream, uniform in [0, 1). */
  random(): number
  readonly extra: Readonly<Record<string, unknown>>
}

/** Makes a decider: what a registry or a plug-in holds. */
export interface DeciderFactory {
  readonly name: string
  /** One sentence for listings. */
  readonly description: string
  /** Names of its options; absent: any. */
  readonly options?: readonly string[]
  create(options: DeciderOptions): PrefillDecider
}
