import type { AdmissionPolicy } from './admission.js'
import type { AttentionReach, CostModel, ImageWork } from './cost-model.js'
import type { PrefillDecider } from './decider.js'
import type { AutoscalingSpec, FaultsSpec, TransferTopologySpec } from './fleet.js'
import type { RunObserver } from './observer.js'
import type { RequestSource } from './request-source.js'
import type { Router } from './router.js'
import type { Scheduler } from './scheduler.js'

export type PoolRole = 'mixed' | 'prefill' | 'decode'

/** KV cache and memory of one replica. */
export interface ReplicaMemory {
  /** KV blocks of one replica. */
  readonly kvBlocks: number
  /** Tokens in a KV block. */
  readonly blockSize: number
  /**
   * KV blocks that each sequence holds besides those of its tokens: states of constant size (linear
   * attention, state-space layers). 0 when absent.
   */
  readonly stateBlocks?: number
  /** Layers that keep only a window of each sequence's tokens; absent: all layers keep all of them. */
  readonly windowed?: WindowedKv
  /** Bytes of one KV block on the fullest device. */
  readonly bytesPerBlock: number
  /** Bytes in use on the fullest device before any KV block: weights, activations, reserve. */
  readonly staticBytes: number
  /** Where preempted requests may keep their KV cache; absent: they are recomputed. */
  readonly swap?: SwapSpace
}

/**
 * Layers that keep only what their window reaches, beside those that keep all tokens of a sequence. Layers are
 * put into groups of as many layers each; a KV block holds `blockSize` tokens of one group, and all groups take their
 * blocks from one pool, as in vLLM's hybrid KV cache manager (`vllm/v1/core/kv_cache_utils.py`).
 *
 * With `kind` `chunked`, `tokens` is a multiple of the block size.
 */
export interface WindowedKv extends AttentionReach {
  /** Groups of layers that keep all tokens. */
  readonly fullGroups: number
  /** Groups of layers that keep a window; at least 1. */
  readonly windowedGroups: number
  /**
   * Prompt tokens of one sequence in one step at most, which are kept beside the window until the prompt is
   * done; Infinity: prompts are computed whole.
   */
  readonly chunkTokens: number
}

/** Host memory for the KV caches of preempted requests, and the link to it. */
export interface SwapSpace {
  /** KV blocks that it has room for. */
  readonly blocks: number
  /** Bytes per second between one device and its host, one direction. */
  readonly bandwidthBytesPerSecond: number
}

/** Clients that do not wait for ever, and send again. */
export interface ClientBehaviour {
  /** How long a client waits, in seconds; Infinity: for ever. */
  readonly timeoutSeconds: number
  /** What it waits for. */
  readonly waitsFor: 'first-token' | 'completion'
  /** How often it sends a request again that was refused or timed out. */
  readonly maxRetries: number
  /** The mean pause before it does so for the first time, in seconds; each further one is twice as long. */
  readonly backoffSeconds: number
  /** The random stream of the pauses, uniform in [0, 1). */
  random(): number
}

/** Memory below that of the devices, to which KV blocks go and from which they come back. */
export interface KvTierSpec {
  readonly name: string
  /** Whether each replica has its own, or all of a pool share one. */
  readonly scope: 'replica' | 'pool'
  /** KV blocks that it holds; Infinity: as many as come. */
  readonly blocks: number
  /** Bytes per second of the link of each replica to it, each way. */
  readonly bandwidthBytesPerSecond: number
  /** Seconds from the last byte read to the block being usable. */
  readonly latencySeconds: number
  /** When a block is written to it: when it has been computed, or when the memory above it lets it go. */
  readonly write: 'through' | 'back'
  /**
   * What its blocks outlast: `none`, where they are in the engine's own process; a fault of the `replica`, where
   * another process on the node keeps them; one of the `node` as well, where they are on a disk that is there
   * again after the repair. `none` when absent. A tier that replicas share outlasts all of their faults.
   */
  readonly survives?: 'none' | 'replica' | 'node'
}

/** KV blocks of prompts and answers that are kept, for requests that begin alike. */
export interface PrefixCachingSpec {
  /** Bytes of one KV block on all devices of a replica, as they go to and from the tiers. */
  readonly blockBytes: number
  /**
   * Of these, what only the last one that is read is read with: the state at its end, of layers that keep one in
   * place of a KV cache. 0 when absent.
   */
  readonly stateBytes?: number
  /** From the fastest down; none when absent. */
  readonly tiers?: readonly KvTierSpec[]
}

/** One LoRA adapter. */
export interface AdapterSpec {
  readonly name: string
  readonly rank: number
}

/** Room of a replica for LoRA adapters; its memory is part of `staticBytes`. */
export interface AdapterSlotsSpec {
  /** Adapters in the memory of the devices at most, and so of running requests. */
  readonly slots: number
  /** Adapters in host memory at most, those of the devices among them; Infinity when absent. */
  readonly hostSlots?: number
  /** Seconds of a load from host memory to the devices: for each rank of an adapter. */
  readonly secondsPerRank: number
  /** The same from where adapters are stored to host memory; 0 when absent. */
  readonly storageSecondsPerRank?: number
  /** Rank at which kernels compute every adapter; its own when absent. */
  readonly paddedRank?: number
}

/** Draw of one device in watts. */
export interface DevicePower {
  readonly idleWatts: number
  /** While a step that prefills runs. */
  readonly prefillWatts: number
  /** While a step that decodes only runs. */
  readonly decodeWatts: number
}

/** Replicas that share a role, an accelerator and a router. */
export interface PoolSpec {
  readonly name: string
  readonly role: PoolRole
  readonly replicas: number
  /** Devices of one replica: TP times PP times the ranks of attention data parallelism. */
  readonly devicesPerReplica: number
  /**
   * Ranks of attention data parallelism in a replica; 1 when absent. Each has a queue, a scheduler and
   * the KV blocks of `memory` of its own, is a target of the router of its own, and starts each step
   * together with the others.
   */
  readonly attentionRanks?: number
  /** Pipeline stages, each with as many batches in flight; every stage takes an equal share of a step. */
  readonly stages: number
  readonly costModel: CostModel
  /**
   * Speculative decoding: probabilities that a step makes 1, 2, … tokens of a sequence. A step of the cost
   * model then makes one, and takes its share of a real one; tokens come in bursts.
   */
  readonly tokenShares?: readonly number[]
  /** Makes the scheduler of one replica (of each of its in-flight batches, with stages). */
  createScheduler(): Scheduler
  readonly router: Router
  /**
   * How old the loads are that the router sees, in seconds: samples are taken four times in as long, and the
   * newest that is old enough counts. 0, or absent: it sees them as they are.
   */
  readonly signalDelaySeconds?: number
  /** Devices of a node, numbered through the pool replica by replica; those of a replica when absent. */
  readonly devicesPerNode?: number
  /** Seconds from a replica's repair, or from its devices being there, to its first step; 0 when absent. */
  readonly startUpSeconds?: number
  /** Absent: all replicas are there all the time. */
  readonly autoscaling?: AutoscalingSpec
  readonly memory: ReplicaMemory
  /** Absent: every prompt is computed whole. */
  readonly prefixCaching?: PrefixCachingSpec
  /** Required where requests have LoRA adapters. */
  readonly adapterSlots?: AdapterSlotsSpec
  readonly power: DevicePower
  /** What one device can do at most, by its datasheet: MFU and MBU are shares of it. */
  readonly devicePeak?: { readonly flopPerSecond: number; readonly bytesPerSecond: number }
  /** US dollars for one device and hour, if known. */
  readonly deviceUsdPerHour?: number
}

/** The link that carries KV caches from the prefill pool to the decode pool. */
export interface KvTransferSpec {
  /** Bytes per second of the link that all transfers share. */
  readonly bandwidthBytesPerSecond: number
  /** Seconds from the last byte sent to the KV cache being usable. */
  readonly latencySeconds: number
  /** Bytes of KV cache per token as they go over the link. */
  readonly bytesPerToken: number
  /** In place of the one link: who sends to whom over what; its bandwidth then says nothing. */
  readonly topology?: TransferTopologySpec
  /**
   * Layers whose KV cache is sent one by one, while those after them are computed; absent: a KV cache is sent
   * when its prefill is done.
   */
  readonly overlapLayers?: number
  /** Bytes of each request besides: states of constant size. 0 when absent. */
  readonly bytesPerRequest?: number
  /** Layers of which only the tokens that the next one sees are sent, besides `bytesPerToken` for the others. */
  readonly windowed?: AttentionReach & { readonly bytesPerToken: number }
}

/** Replicas that encode the images of prompts before these are routed, and send them on as tokens. */
export interface EncodePoolSpec {
  readonly replicas: number
  readonly devicesPerReplica: number
  /** Seconds in which one replica encodes one image. */
  seconds(image: ImageWork): number
  /** Bytes of an image's token as it is sent. */
  readonly bytesPerToken: number
  /** Bytes per second that one replica sends. */
  readonly bandwidthBytesPerSecond: number
  /** Seconds from the last byte of an image to its tokens being usable. */
  readonly latencySeconds: number
  readonly power: DevicePower
  /** US dollars for one device and hour, if known. */
  readonly deviceUsdPerHour?: number
}

/** Limits that a request meets when its latency is good, in seconds; absent: no limit. */
export interface ServiceObjectives {
  readonly ttftSeconds?: number
  readonly tpotSeconds?: number
  readonly e2eSeconds?: number
  /** Limits of quantiles, which a run meets or misses as a whole. */
  readonly percentiles?: readonly PercentileObjective[]
}

/** A limit of a quantile of a latency. */
export interface PercentileObjective {
  readonly metric: 'ttft' | 'tpot' | 'e2e'
  /** As 0.99. */
  readonly quantile: number
  readonly limitSeconds: number
}

/** A kind of request that the results tell apart. */
export interface RequestClassSpec {
  readonly name: string
  /** In place of those of the run. */
  readonly objectives?: ServiceObjectives
  /** In place of that which the source gives: higher goes first, where a scheduler heeds it. */
  readonly priority?: number
}

/** Everything that one run needs, as values: what `simulate` takes. */
export interface SimulationSpec {
  /**
   * `mixed` pools, or `prefill` together with `decode` pools, or all of these. Requests come to mixed and
   * prefill pools.
   */
  readonly pools: readonly PoolSpec[]
  /** In front of several pools; absent: the first pool in which there is a replica. */
  readonly poolRouters?: {
    /** Which mixed or prefill pool takes a request that comes. */
    readonly entry?: Router
    /** Which decode pool takes one that is prefilled. */
    readonly decode?: Router
  }
  /** Required with prefill and decode pools. */
  readonly kvTransfer?: KvTransferSpec
  /**
   * Whether the prompt of a request is computed in the pools that requests come to, or by the decode replica,
   * which is chosen on arrival then; absent: there, and the decode replica is chosen when the prompt is done.
   */
  readonly decider?: PrefillDecider
  /**
   * Where a request that is handed over gets the token that follows its prompt: from the step that ends the
   * prefill, or from its first decode step, which computes the prompt's last token again; `prefill` when absent.
   */
  readonly firstTokenFrom?: 'prefill' | 'decode'
  readonly source: RequestSource
  /** Who may enter at all; absent: everybody. */
  readonly admission?: AdmissionPolicy
  /** Absent: clients wait for ever. */
  readonly client?: ClientBehaviour
  /** Seconds that the front end (HTTP, tokenisation) holds each request before it is routed; 0 when absent. */
  readonly requestOverheadSeconds?: number
  /**
   * Seconds of the front end's one thread (HTTP, tokenisation) that a request takes before that, one
   * request after another; fixed and by prompt token. Nothing when absent.
   */
  readonly requestSerialSeconds?: {
    readonly perRequest: number
    readonly perPromptToken: number
  }
  /** Closed loop: requests in the system at any time; their arrival times are then not read. */
  readonly concurrency?: number
  /** Arrivals stop then; Infinity: when the source ends. */
  readonly durationSeconds: number
  /** Requests at most. */
  readonly maxRequests?: number
  /** Start of the measured window. */
  readonly warmUpSeconds: number
  /** Seconds after the end of the arrivals for which running requests may finish; Infinity when absent. */
  readonly drainSeconds?: number
  readonly objectives?: ServiceObjectives
  /** What breaks; absent: nothing. */
  readonly faults?: FaultsSpec
  /** Whether requests may have images. */
  readonly images?: boolean
  /** Where they are encoded; absent: in the step that computes the first of their tokens. */
  readonly encodePool?: EncodePoolSpec
  /** The kinds of requests: a draft's `classId` is an index into them. */
  readonly classes?: readonly RequestClassSpec[]
  /** Names of those who send requests: a draft's `tenantId` is an index. A source may add to them as it goes. */
  readonly tenants?: readonly string[]
  /** LoRA adapters: a draft's `adapterId` is an index. A source may add to them as it goes. */
  readonly adapters?: readonly AdapterSpec[]
  /** Is told what happens; changes nothing. */
  readonly observer?: RunObserver
  /** Steps one at a time instead of jumping: slower, the same results. */
  readonly stepByStep?: boolean
  /** Keeps every latency instead of a histogram: memory grows with the number of requests. */
  readonly exactQuantiles?: boolean
  /** Takes the busy time of each pool apart, operator by operator: slower. */
  readonly breakdown?: boolean
  /** Gives the quantiles from which distribution functions can be drawn. */
  readonly distributions?: boolean
  /** Called now and then with the simulated time and the requests so far. */
  onProgress?(simulatedSeconds: number, requests: number): void
}
