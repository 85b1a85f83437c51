import type {
  AdapterModules,
  AutoscalingSection,
  NumberFormat,
  PoolRole,
  RouterSection,
  Scenario,
  SchedulerSection,
  WorkloadSection,
} from '@llmsim/contracts'
import type { NameOrEntry } from './catalog-entries.js'
import type { ResolvedSpeculation } from './resolve-speculation.js'
import type { ResolvedParallelism } from './resolve-parallelism.js'
import type { ResolvedAutoscaling } from './resolve-autoscaling.js'
import type { ResolvedFaults } from './resolve-faults.js'

type Options = Readonly<Record<string, unknown>>

export interface ResolvedInterconnect {
  readonly intra_node_bandwidth_gbs: number
  readonly intra_node_latency_us: number
  readonly inter_node_bandwidth_gbs: number
  readonly inter_node_latency_us: number
}

export interface ResolvedLora {
  readonly max_loras: number
  readonly max_lora_rank: number
  readonly max_cpu_loras: number
  readonly storage_gbs: number
  readonly modules: AdapterModules
  readonly pad_ranks: boolean
}

export interface ResolvedKvTier {
  readonly name: string
  readonly scope: 'replica' | 'pool'
  /** Absent: no limit. */
  readonly capacity_gb?: number
  readonly bandwidth_gbs: number
  readonly latency_us: number
  readonly write_policy: 'through' | 'back'
  readonly survives: 'none' | 'replica' | 'node'
}

export interface ResolvedScheduler {
  readonly name: string
  /** Absent for a scheduler that the pair of type and strategy does not name. */
  readonly batching_type?: 'static' | 'continuous'
  readonly batching_strategy?: 'greedy' | 'windowed'
  readonly max_batch_size: number
  readonly min_batch_size: number
  readonly batching_window_ms: number
  readonly max_num_batched_tokens: number
  readonly phase_order: 'prefill-first' | 'decode-first'
  readonly watermark: number
  readonly options: Options
}

export interface ResolvedPool extends ResolvedParallelism {
  readonly xpu: NameOrEntry
  readonly n_xpus: number
  readonly n_xpus_per_node: number
  readonly interconnect: ResolvedInterconnect
  /** Only what differs from the common section, so that a flag still reaches both pools. */
  readonly scheduler?: SchedulerSection
  readonly router?: RouterSection
  readonly autoscaling?: AutoscalingSection
}

export interface ResolvedNamedPool extends ResolvedPool {
  readonly name: string
  readonly role: PoolRole
}

export interface ResolvedKvTransfer {
  /** With pools, and without a topology; with disaggregation that says so itself. */
  readonly bandwidth_gbs?: number
  readonly latency_ms?: number
  readonly compression_ratio?: number
  readonly layer_wise: boolean
  /** Absent: the prefill. */
  readonly first_token_from?: 'prefill' | 'decode'
  /** Absent: one link. */
  readonly topology?: {
    readonly nic_gbs: number
    readonly scale_up_gbs: number
    readonly domain_xpus: number
    readonly leaf_xpus: number
    readonly oversubscription: number
  }
}

/**
 * A scenario with every default filled in: what a results file carries. It is a scenario itself,
 * and resolves to itself.
 */
export interface ResolvedScenario {
  readonly name?: string
  readonly model: NameOrEntry
  readonly workload: WorkloadSection
  /** Absent with disaggregated pools. */
  readonly cluster?: {
    readonly xpu: NameOrEntry
    readonly n_xpus_per_node: number
    readonly n_nodes: number
    readonly interconnect: ResolvedInterconnect
  }
  /** Absent with disaggregated pools. */
  readonly parallelism?: ResolvedParallelism & { readonly data_parallel_size: number }
  readonly scheduler: ResolvedScheduler
  /** Absent: everybody may enter. */
  readonly admission?: { readonly name: string; readonly options: Options }
  readonly router: {
    readonly name: string
    readonly options: Options
    /** Absent: none. */
    readonly signal_delay_ms?: number
  }
  readonly cost_model: { readonly name: string; readonly options: Options }
  readonly engine: {
    readonly name: string
    readonly dtype: NumberFormat
    readonly activation_dtype: NumberFormat
    readonly kv_cache_dtype: NumberFormat
    readonly gpu_memory_utilization: number
    readonly block_size: number
    /** Absent: as many KV blocks as the memory holds. */
    readonly num_gpu_blocks_override?: number
    /** Absent: layers with a window keep no more than it reaches. */
    readonly disable_hybrid_kv_cache_manager?: true
    /** Absent: one token of a sequence in a step. */
    readonly speculative?: ResolvedSpeculation
    /** Absent: no LoRA adapters. */
    readonly lora?: ResolvedLora
    /** Absent: every prompt is computed whole. */
    readonly enable_prefix_caching?: true
    readonly kv_tiers?: ResolvedKvTier[]
    /** Absent: preempted requests are recomputed. */
    readonly preemption_mode?: 'swap'
    readonly swap_space_gb?: number
    /** Absent: that of the accelerator. */
    readonly host_link_gbs?: number
  }
  readonly disaggregation?: {
    readonly enabled: true
    readonly prefill: ResolvedPool
    readonly decode: ResolvedPool
    /** Absent with a topology of `kv_transfer`. */
    readonly transfer_bandwidth_gbs?: number
    readonly transfer_latency_ms: number
    readonly kv_compression_ratio: number
  }
  /** In place of cluster and disaggregation. */
  readonly pools?: ResolvedNamedPool[]
  /** In front of several pools of one kind. */
  readonly pool_router?: { readonly name: string; readonly options: Options }
  /** With pools that prefill for others, and where more than one link is meant. */
  readonly kv_transfer?: ResolvedKvTransfer
  /** Absent: images are encoded with their prompts. */
  readonly encode?: {
    readonly xpu: NameOrEntry
    readonly n_xpus: number
    readonly tensor_parallel_size: number
    readonly transfer_bandwidth_gbs: number
    readonly transfer_latency_ms: number
  }
  /** Absent: a prefill pool computes every prompt. */
  readonly decider?: { readonly name: string; readonly options: Options }
  /** Absent: all replicas are there all the time. */
  readonly autoscaling?: ResolvedAutoscaling
  /** Absent: nothing breaks. */
  readonly faults?: ResolvedFaults
  readonly slo?: NonNullable<Scenario['slo']>
  /** Absent: arrivals go on until the requests or the trace end. */
  readonly simulation_duration_s?: number
  readonly warm_up_duration_s: number
  /** Absent: no limit. */
  readonly drain_duration_s?: number
  readonly random_seed: number
  readonly step_by_step: boolean
  readonly exact_quantiles: boolean
  readonly breakdown: boolean
}
