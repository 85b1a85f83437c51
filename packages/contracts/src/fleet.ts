/**
 * Something that breaks and is repaired: a replica, a node with all replicas that have devices on it, or
 * the link between the pools. Either by schedule (`atSeconds`) or at random (`mtbfSeconds`).
 */
export interface FaultSpec {
  readonly kind: 'replica' | 'node' | 'link'
  /** Index of the pool; absent: any of them. */
  readonly pool?: number
  /** Number of the replica, or of the node, in its pool; absent: any, drawn anew each time. */
  readonly replica?: number
  readonly node?: number
  /** When it breaks for the first time. */
  readonly atSeconds?: number
  /** How long until it is repaired; Infinity, or absent: for ever. */
  readonly durationSeconds?: number
  /** It breaks again so long after it broke; absent: once. */
  readonly everySeconds?: number
  /**
   * Mean time from a repair to the next break, and from a break to its repair, both exponential; each
   * replica or node by itself.
   */
  readonly mtbfSeconds?: number
  readonly mttrSeconds?: number
  /** What a broken link has left of its bandwidth, above 0 and at most 1. */
  readonly bandwidthFactor?: number
}

/** What breaks in a run, and what becomes of the requests that it hits. */
export interface FaultsSpec {
  readonly faults: readonly FaultSpec[]
  /** How often a request is served again after it lost its replica; beyond that it has failed. */
  readonly maxRetries: number
  /** Seconds until it is routed again; 0 when absent. */
  readonly retryDelaySeconds?: number
  /**
   * From where it is served again: `prompt`, so that tokens which it had are generated once more, or
   * `last-token`, where what it had is computed with the prompt. `prompt` when absent.
   */
  readonly retryFrom?: 'prompt' | 'last-token'
  /** Seed of the times and places that are drawn. */
  readonly seed: number
}

/**
 * The network between replicas, whose devices are numbered through all pools, replica by replica. Transfers
 * share it at max-min fair rates.
 */
export interface TransferTopologySpec {
  /** Bytes per second that one device sends over its NIC, and receives as well. */
  readonly nicBytesPerSecond: number
  /** The same between devices of one scale-up domain, such as NVLink's. */
  readonly scaleUpBytesPerSecond: number
  /** Devices of a scale-up domain. */
  readonly domainDevices: number
  /** Devices whose NICs are at one leaf switch. */
  readonly leafDevices: number
  /** What the NICs of a leaf send together, divided by what its links to the spine carry; at least 1. */
  readonly oversubscription: number
}

/**
 * Keeps the number of a pool's replicas to its load; `PoolSpec.replicas` is the number of places that there are
 * for them. A place that is broken takes no replica until it is repaired.
 */
export interface AutoscalingSpec {
  /**
   * `utilization`: the busy share of the time since the last look; `queue`: requests that wait; `slo`: the share
   * of the requests of the last while that met `SimulationSpec.objectives`, or those of their class. Of them a
   * prefill pool answers for the first token, a decode pool for the others, and a mixed one for all.
   */
  readonly signal: 'utilization' | 'queue' | 'slo'
  /**
   * Of the signal, for each replica: above 0, and at most 1 for a utilization. With `slo`: the share of the
   * requests that are to meet each limit, above 0 and at most 1; limits of quantiles say it themselves.
   */
  readonly target: number
  readonly minReplicas: number
  /** At most the places that there are, and as many when absent: the others are spare ones. */
  readonly maxReplicas?: number
  readonly initialReplicas: number
  /** Between two looks. */
  readonly intervalSeconds: number
  /** After a change, until replicas may be taken away. */
  readonly cooldownSeconds: number
  /** From the decision to the devices being there; `startUpSeconds` comes on top. */
  readonly provisioningSeconds: number
  /**
   * How long a replica that broke counts as one of those that there are; after that another one takes its
   * place, if there is one, at the next look. Infinity: until it is repaired. When absent 300: the time for
   * which Kubernetes leaves a pod on a node that is not ready (`tolerationSeconds`).
   */
  readonly replaceAfterSeconds?: number
  /** `slo`: for how long a request counts, in seconds; 60 when absent. */
  readonly windowSeconds?: number
  /**
   * `slo`: a replica may go while the target is met with this share of each limit, above 0 and at most 1;
   * 0.8 when absent.
   */
  readonly scaleDownAt?: number
}
