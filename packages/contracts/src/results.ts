import { z } from 'zod'
import { Latency } from './latency.js'
import { DeciderUse, EncodePoolUse, ImageUse } from './request-results.js'
import { Distributions } from './time-series.js'

const share = z.number().min(0).max(1)
const figure = z.number().nullable()

/** How one objective was met. */
export const ObjectiveFigures = z.strictObject({
  metric: z.enum(['ttft', 'tpot', 'e2e']),
  /** Of the latencies, as 0.99; null for a limit that each request meets or misses. */
  quantile: figure,
  limit_s: z.number(),
  /** The latency at that quantile. */
  value_s: figure,
  /** Share of the requests that met it; null with a quantile. */
  attainment: figure,
  /** Null where nothing was measured. */
  met: z.boolean().nullable(),
})

/** Requests that met every limit, and their share of those that completed in the measured window. */
export const Goodput = z.strictObject({ requests_per_sec: z.number(), attainment: share })

/** Latencies of the requests of a pool or a replica: those of each phase where it was served. */
export const LatencyFigures = z.strictObject({
  first_token_latency: Latency,
  end_to_end_latency: Latency,
  time_per_output_token: Latency,
  inter_token_latency: Latency,
  queue_time: Latency,
  transfer_time: Latency.optional(),
})

/** The requests of one class or of one tenant. */
export const GroupFigures = z.strictObject({
  name: z.string(),
  arrived_requests: z.number(),
  completed_requests: z.number(),
  throughput: z.strictObject({ requests_per_sec: z.number(), tokens_per_sec: z.number() }),
  ...LatencyFigures.shape,
  goodput: Goodput.nullable(),
  objectives: z.array(ObjectiveFigures).optional(),
})

/** How evenly tenants were served: Jain's index, 1 where all got the same. */
export const FairnessFigures = z.strictObject({
  tenants: z.number(),
  /** Of the prompt and output tokens of each tenant's completed requests. */
  service_jain_index: figure,
  /** Of each tenant's mean of E2E latency over output tokens. */
  normalized_latency_jain_index: figure,
})

/** What the busy and the idle time of the measured window was: shares that add up to 1. */
export const UtilizationSplit = z.strictObject({
  /** In operators that the arithmetic, the memory, or the links bound. */
  compute: share,
  memory: share,
  communication: share,
  /** Launches, host work, and what the cost model does not take apart. */
  overhead: share,
  /** A batch was in flight, and not here: other pipeline stages, or other attention ranks, had it. */
  bubble: share,
  idle: share,
})

/** Sizes of the steps, over the measured window. */
export const BatchFigures = z.strictObject({
  /** Requests that decode in a step, on average over the steps that decode, and at most. */
  mean_decodes: figure,
  peak_decodes: z.number(),
  /** Prompt tokens in a step, on average over the steps that prefill, and at most. */
  mean_prefill_tokens: figure,
  peak_prefill_tokens: z.number(),
})

/** Whether the deployment keeps up with its traffic. */
export const Verdict = z.strictObject({
  state: z.enum(['stable', 'backlogged', 'overloaded']),
  reason: z.string(),
})

/** Device memory in use, in units of 2^30 bytes, on the fullest device. */
export const MemoryUse = z.strictObject({
  peak_memory_gb: figure,
  p95_memory_gb: figure,
  p50_memory_gb: figure,
})

/** KV blocks of one replica, and those in use. */
export const KvCacheUse = z.strictObject({
  total_blocks: z.number(),
  peak_used_blocks: z.number(),
  mean_utilization: figure,
  /** Share of the prompt tokens that a prefix cache held; null without one. */
  prefix_hit_rate: figure.optional(),
})

/** What the prefix caches did for the requests that arrived in the measured window. */
export const PrefixCacheUse = z.strictObject({
  /** Requests that were admitted. */
  requests: z.number(),
  /** Their prompt tokens: those found, and those to be computed. */
  prompt_tokens: z.number(),
  hit_tokens: z.number(),
  computed_tokens: z.number(),
  /** Share of its prompt that a request found. */
  hit_rate_by_request: z.strictObject({
    mean: figure,
    p50: figure,
    p90: figure,
    p95: figure,
    p99: figure,
    max: figure,
  }),
  /** KV blocks that made room for others, over the whole run. */
  evicted_blocks: z.number(),
  /** KV blocks that are kept, and held by no request, when the run ends. */
  cached_blocks: z.number(),
  /** Memory below that of the devices, from the fastest down. */
  tiers: z.array(
    z.strictObject({
      name: z.string(),
      /** KV blocks that it holds in all; null: as many as come. */
      total_blocks: figure,
      peak_used_blocks: z.number(),
      /** Prompt tokens found there, of requests that arrived in the measured window. */
      hit_tokens: z.number(),
      /** Over the whole run. */
      read_bytes: z.number(),
      written_bytes: z.number(),
      evicted_blocks: z.number(),
      /** Share of the measured window in which its links read, over all replicas. */
      link_utilization: share,
    }),
  ),
})

/** Host memory for the KV caches of preempted requests, over all replicas and the whole run. */
export const SwapUse = z.strictObject({
  /** KV blocks of one replica that it has room for, and the most that one had there. */
  total_blocks: z.number(),
  peak_used_blocks: z.number(),
  /** Requests that went out, and that came back. */
  swapped_out: z.number(),
  swapped_in: z.number(),
  /** Requests that were recomputed because there was no room. */
  refused: z.number(),
  /** Over all devices. */
  out_bytes: z.number(),
  in_bytes: z.number(),
})

/** What became of the LoRA adapters of a pool's requests, over the whole run. */
export const AdapterUse = z.strictObject({
  /** Adapters in the memory of a replica's devices at most. */
  slots: z.number(),
  /** The most different ones that running requests of a replica had at a time. */
  peak_running: z.number(),
  /** Admissions whose adapter was on the devices, and those that waited for it to be loaded. */
  hits: z.number(),
  loads: z.number(),
  /** Of the loads, those of adapters that host memory did not have. */
  storage_loads: z.number(),
  /** Adapters that made room for others on the devices. */
  evictions: z.number(),
  /** Seconds by which loads made steps longer, over all replicas. */
  load_s: z.number(),
})

const ReplicaFigures = z.strictObject({
  requests: z.number(),
  utilization: share,
  peak_used_blocks: z.number(),
  preemptions: z.number(),
  /** Where a pool has several replicas, 256 at most. */
  latency: LatencyFigures.optional(),
})

const PoolFigures = z.strictObject({
  name: z.string(),
  role: z.enum(['mixed', 'prefill', 'decode']),
  replicas: z.number(),
  devices: z.number(),
  utilization: share,
  /** Shares of the measured window in steps that prefill, and in steps that decode only. */
  prefill_utilization: share,
  decode_utilization: share,
  memory: MemoryUse,
  kv_cache: KvCacheUse,
  preemptions: z.number(),
  steps: z.number(),
  energy_joules: z.number(),
  /** Ranks of attention data parallelism in each replica; absent: 1. */
  attention_ranks: z.number().optional(),
  /**
   * Seconds of the whole run, summed over replicas and their attention ranks; absent unless asked for.
   */
  breakdown: z
    .strictObject({
      /** In steps that worked on requests of the rank, waiting for other ranks included. */
      step_s: z.number(),
      /** By operator of the cost model. */
      operators: z.record(z.string(), z.number()),
      /** Waiting, at the end of a step, for the rank with the longest one. */
      barrier_s: z.number(),
      /** In steps of other ranks, without a request of its own to work on. */
      dummy_s: z.number(),
    })
    .optional(),
  /** Speculative decoding, in the measured window; absent without. */
  speculation: z
    .strictObject({
      /** Tokens that a step made of a sequence, on average, and the share of those that made 1, 2, … */
      tokens_per_step: z.number(),
      token_shares: z.array(z.number()),
      drafted_tokens: z.number(),
      accepted_tokens: z.number(),
    })
    .optional(),
  /**
   * Pipeline stages: seconds in which at least one batch was in flight, and the share of them in which
   * a stage, on average, had none; absent without stages.
   */
  pipeline: z.strictObject({ in_flight_s: z.number(), bubble: share }).optional(),
  /** LoRA adapters, over the whole run; absent where requests have none. */
  adapters: AdapterUse.optional(),
  batch: BatchFigures.optional(),
  split: UtilizationSplit.optional(),
  mfu: share.optional(),
  mbu: share.optional(),
  /** Where there are several pools. */
  latency: LatencyFigures.optional(),
  /** Replicas that came and went; absent where all are there all the time. */
  autoscaling: z
    .strictObject({
      /** Seconds of the whole run for which replicas were paid, their start included. */
      replica_seconds: z.number(),
      /** Inside the measured window. */
      mean_replicas: z.number(),
      peak_replicas: z.number(),
      scale_ups: z.number(),
      scale_downs: z.number(),
      /** Broken replicas that others took the place of; absent where nothing can break. */
      replacements: z.number().optional(),
    })
    .optional(),
  /** Share of its replicas' time in which they were up; absent where nothing can break. */
  availability: share.optional(),
  per_replica: z.array(ReplicaFigures),
})

/** What `simulate` measures: the results file without the scenario that made it. */
export const SimulationResult = z.strictObject({
  /** The run was stopped before its end; absent where it was not. */
  partial: z.boolean().optional(),
  /** Requests that arrived, over the whole run. */
  total_requests: z.number(),
  completed_requests: z.number(),
  /** Requests refused because they could never fit, or by the admission policy. */
  rejected_requests: z.number(),
  /** Refusals by reason; those of requests that were sent again are included. */
  refusals: z.record(z.string(), z.number()).optional(),
  /** Requests given up after faults or by their clients; absent where neither happens. */
  failed_requests: z.number().optional(),
  /** What clients did that do not wait for ever; absent where all do. */
  clients: z
    .strictObject({
      /** Attempts that took too long, and requests that were given up for it. */
      timeouts: z.number(),
      timed_out_requests: z.number(),
      /** Attempts that followed a refusal or a time-out. */
      retries: z.number(),
      /** Output tokens that were generated before the request was given up. */
      wasted_output_tokens: z.number(),
    })
    .optional(),
  /** Requests still in the system when the drain ended. */
  unfinished_requests: z.number(),
  /** What faults did, over the whole run; absent where nothing can break. */
  faults: z
    .strictObject({
      /** Faults of replicas, a node's counted by replica. */
      replica_faults: z.number(),
      /** Requests that were served again, each counted once, and how often that happened. */
      retried_requests: z.number(),
      retries: z.number(),
      /** Output tokens that were generated and lost. */
      lost_output_tokens: z.number(),
      /** Share of the replicas' time in which they were up. */
      availability: share,
    })
    .optional(),
  /** Simulated seconds from the start to the last event. */
  simulation_time: z.number(),
  /** The measured window, in seconds; the requests that arrived and completed in it. */
  measured_window: z.strictObject({
    start_s: z.number(),
    end_s: z.number(),
    arrived_requests: z.number(),
    completed_requests: z.number(),
  }),
  throughput: z.strictObject({
    requests_per_sec: z.number(),
    /** Output tokens. */
    tokens_per_sec: z.number(),
    input_tokens_per_sec: z.number(),
    total_tokens_per_sec: z.number(),
  }),
  /** Busy share of the measured window, over all devices. */
  xpu_utilization: share,
  memory: MemoryUse,
  first_token_latency: Latency,
  end_to_end_latency: Latency,
  time_per_output_token: Latency,
  inter_token_latency: Latency,
  /** From arrival to the start of the first step that worked on the request. */
  queue_time: Latency,
  /** Requests that met every objective; null without objectives. */
  goodput: Goodput.nullable(),
  /** How each objective was met; absent without any. */
  objectives: z.array(ObjectiveFigures).optional(),
  /** Whether the deployment keeps up with its traffic. */
  verdict: Verdict.optional(),
  /** Of each class, where requests have any. */
  classes: z.array(GroupFigures).optional(),
  /** Of the first 64 tenants, and of all others together, where requests have any. */
  tenants: z.array(GroupFigures).optional(),
  fairness: FairnessFigures.optional(),
  /** Over all devices; absent where the cost model takes no steps apart. */
  utilization: UtilizationSplit.optional(),
  /** Model FLOP utilisation: FLOP of the steps over what the devices can do at most. */
  mfu: share.optional(),
  /** Memory bandwidth utilisation. */
  mbu: share.optional(),
  /** Little's law over the run: mean requests in the system, and arrival rate times mean time. */
  littles_law: z.strictObject({
    mean_in_system: z.number(),
    rate_times_latency: z.number(),
  }),
  preemptions: z.number(),
  /** Of those, the ones that dropped their KV cache, and that took it to host memory. */
  preemptions_by_mode: z.strictObject({ recompute: z.number(), swap: z.number() }).optional(),
  /** Host memory for preempted requests; null, or absent, without any. */
  swap: SwapUse.nullable().optional(),
  kv_cache: KvCacheUse,
  /** Of the pools that prefill; null, or absent, without prefix caching. */
  prefix_cache: PrefixCacheUse.nullable().optional(),
  kv_transfer: z
    .strictObject({
      transfers: z.number(),
      bytes: z.number(),
      /** From the end of the prefill to the KV cache being usable. */
      time: Latency,
      link_utilization: share,
    })
    .nullable(),
  /** Absent where requests can have no images. */
  images: ImageUse.optional(),
  /** Absent where images are encoded with their prompts. */
  encode_pool: EncodePoolUse.optional(),
  /** Absent without a decider. */
  decider: DeciderUse.optional(),
  energy: z.strictObject({
    total_joules: z.number(),
    joules_per_output_token: figure,
    average_watts: z.number(),
  }),
  cost: z
    .strictObject({
      usd_per_hour: z.number(),
      usd_per_million_tokens: figure,
    })
    .nullable(),
  /** Quantiles to draw distribution functions from. */
  distributions: Distributions.optional(),
  pools: z.array(PoolFigures),
  warnings: z.array(z.string()),
})
export type SimulationResult = z.infer<typeof SimulationResult>
export { Latency } from './latency.js'
export type MemoryUse = z.infer<typeof MemoryUse>
export type PrefixCacheUse = z.infer<typeof PrefixCacheUse>
export type AdapterUse = z.infer<typeof AdapterUse>
export type SwapUse = z.infer<typeof SwapUse>
export type KvCacheUse = z.infer<typeof KvCacheUse>
export type PoolFigures = z.infer<typeof PoolFigures>
export type ObjectiveFigures = z.infer<typeof ObjectiveFigures>
export type LatencyFigures = z.infer<typeof LatencyFigures>
export type GroupFigures = z.infer<typeof GroupFigures>
export type FairnessFigures = z.infer<typeof FairnessFigures>
export type UtilizationSplit = z.infer<typeof UtilizationSplit>
export type BatchFigures = z.infer<typeof BatchFigures>
export type Verdict = z.infer<typeof Verdict>
