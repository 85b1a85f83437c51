import { z } from 'zod'
import { AutoscalingSection } from './autoscaling-scenario.js'
import { FaultsSection } from './fault-scenario.js'
import { allToAllBackends } from './cost-model-factory.js'
import { NumberFormat } from './number-format.js'
import { LoraSection } from './scenario-adapters.js'
import { count, nonNegative, positive } from './scenario-number.js'
import { ObjectivesSection } from './scenario-traffic.js'
import { WorkloadSection } from './scenario-workload.js'

const options = z.record(z.string(), z.unknown())
/** A catalog name, or a whole catalog entry. */
const nameOrEntry = z.union([z.string().min(1), z.record(z.string(), z.unknown())])

export const InterconnectSection = z.strictObject({
  intra_node_bandwidth_gbs: positive.optional().describe('GB/s that one device sends to its node.'),
  intra_node_latency_us: nonNegative.optional(),
  inter_node_bandwidth_gbs: positive
    .optional()
    .describe('GB/s that one device sends to other nodes.'),
  inter_node_latency_us: nonNegative.optional(),
})

export const ClusterSection = z.strictObject({
  xpu: nameOrEntry.optional().describe('Accelerator: a catalog name or a catalog entry.'),
  n_xpus_per_node: count.max(100_000).optional(),
  n_nodes: count.max(100_000).optional(),
  interconnect: InterconnectSection.optional(),
})

/** Sizes that a pool may have of its own. */
const layoutFields = {
  tensor_parallel_size: count.max(4096).optional(),
  pipeline_parallel_size: count.max(512).optional(),
  context_parallel_size: count
    .max(512)
    .optional()
    .describe(
      'Groups of devices that share the tokens of a prompt and the KV cache of a sequence.',
    ),
  attention_data_parallel_size: count
    .max(4096)
    .optional()
    .describe(
      'Ranks of a replica, each with its own attention, KV cache and scheduler; they share the experts.',
    ),
  expert_parallel_size: count
    .max(4096)
    .optional()
    .describe('Devices that whole experts are spread over.'),
  enable_expert_parallel: z
    .boolean()
    .optional()
    .describe('Spreads whole experts over all devices of a stage.'),
  redundant_experts: z
    .int()
    .nonnegative()
    .max(100_000)
    .optional()
    .describe('Copies of experts besides one of each.'),
  expert_imbalance: z
    .number()
    .min(1)
    .max(10_000)
    .optional()
    .describe("Tokens of the fullest device's experts over the average."),
  all_to_all_backend: z
    .enum(allToAllBackends)
    .optional()
    .describe('How tokens reach the experts of other ranks.'),
}

export const ParallelismSection = z.strictObject({
  ...layoutFields,
  data_parallel_size: count
    .max(100_000)
    .optional()
    .describe('Replicas; as many as the devices hold when absent.'),
})

export const SchedulerSection = z.strictObject({
  name: z.string().min(1).optional().describe('A scheduler by name, instead of type and strategy.'),
  batching_type: z.enum(['static', 'continuous']).optional(),
  batching_strategy: z.enum(['greedy', 'windowed']).optional(),
  max_batch_size: count.max(1_000_000).optional(),
  min_batch_size: count.max(1_000_000).optional(),
  batching_window_ms: nonNegative.optional(),
  max_num_batched_tokens: count.max(1e9).optional(),
  phase_order: z.enum(['prefill-first', 'decode-first']).optional(),
  watermark: z
    .number()
    .min(0)
    .max(0.5)
    .optional()
    .describe('Share of KV blocks that admission leaves free.'),
  options: options.optional().describe('Options of a scheduler from a plug-in.'),
})

export const AdmissionSection = z.strictObject({
  name: z.string().min(1).optional(),
  options: options.optional(),
})

export const DeciderSection = z.strictObject({
  name: z.string().min(1).optional(),
  options: options.optional(),
})

export const RouterSection = z.strictObject({
  name: z.string().min(1).optional(),
  signal_delay_ms: z
    .union([z.literal(0), z.number().min(0.1).max(1e12)])
    .optional()
    .describe('How old the loads are that the router sees; 0: none.'),
  options: options.optional(),
})

export const CostModelSection = z.strictObject({
  name: z.string().min(1).optional(),
  options: options.optional().describe('Overrides of the cost model: efficiencies and overheads.'),
})

export const speculativeMethods = ['draft-model', 'mtp', 'eagle', 'ngram'] as const

const acceptance = z.number().min(0).max(1)

export const SpeculativeSection = z.strictObject({
  method: z
    .enum(speculativeMethods)
    .optional()
    .describe('Who drafts: a model of its own, a layer, a look-up.'),
  num_speculative_tokens: count
    .max(64)
    .optional()
    .describe('Tokens that are drafted of a sequence in each step.'),
  acceptance_rate: z
    .union([acceptance, z.array(acceptance).min(1).max(64)])
    .optional()
    .describe(
      'Probability that a drafted token is accepted when those before it were; one, or one a position.',
    ),
  draft_model: nameOrEntry.optional().describe('The model that drafts, with method draft-model.'),
})

export const KvTierSection = z.strictObject({
  name: z.string().min(1).max(100).describe('Free text that the results carry along.'),
  scope: z
    .enum(['replica', 'pool'])
    .optional()
    .describe('Whether each replica has its own, or all of a pool share one.'),
  capacity_gb: positive
    .optional()
    .describe('KV cache that it holds, in 2^30 bytes; no limit when absent.'),
  bandwidth_gbs: positive.describe('GB/s that a replica reads from it.'),
  latency_us: nonNegative.optional().describe('From the last byte to the block being usable.'),
  write_policy: z
    .enum(['through', 'back'])
    .optional()
    .describe('Written to when blocks are computed, or when the memory above lets them go.'),
  survives: z
    .enum(['none', 'replica', 'node'])
    .optional()
    .describe('Which faults its blocks outlast: none, those of a replica, those of its node too.'),
})

export const EngineSection = z.strictObject({
  name: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Engine profile: what it adds per step and request. Read by the calibrated cost model.',
    ),
  dtype: NumberFormat.optional().describe('Number format of the weights.'),
  activation_dtype: NumberFormat.optional(),
  kv_cache_dtype: NumberFormat.optional(),
  gpu_memory_utilization: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Share of device memory the engine may use.'),
  block_size: count.max(4096).optional().describe('Tokens in a KV block.'),
  num_gpu_blocks_override: count
    .max(1e12)
    .optional()
    .describe('KV blocks of a replica, in place of those that the memory holds.'),
  disable_hybrid_kv_cache_manager: z
    .boolean()
    .optional()
    .describe('Layers with a window keep all tokens in the KV cache, as the others do.'),
  speculative: SpeculativeSection.optional(),
  lora: LoraSection.optional().describe('Serves LoRA adapters.'),
  enable_prefix_caching: z
    .boolean()
    .optional()
    .describe('Keeps KV blocks of prompts and answers for requests that begin alike.'),
  kv_tiers: z
    .array(KvTierSection)
    .max(8)
    .optional()
    .describe('Memory below that of the devices, from the fastest down; with prefix caching.'),
  preemption_mode: z
    .enum(['recompute', 'swap'])
    .optional()
    .describe('Whether a preempted KV cache is dropped or taken to host memory.'),
  swap_space_gb: nonNegative
    .optional()
    .describe('Host memory for preempted requests, in 2^30 bytes per device.'),
  host_link_gbs: positive.optional().describe('GB/s between a device and its host, one direction.'),
})

export const DisaggregatedPoolSection = z.strictObject({
  xpu: nameOrEntry.optional(),
  n_xpus: count.max(100_000).optional().describe('Devices of the pool.'),
  n_xpus_per_node: count.max(100_000).optional(),
  ...layoutFields,
  interconnect: InterconnectSection.optional(),
  scheduler: SchedulerSection.optional().describe(
    'Replaces fields of the common scheduler section.',
  ),
  router: RouterSection.optional(),
  autoscaling: AutoscalingSection.optional().describe(
    'Replaces fields of the common autoscaling section.',
  ),
})

export const DisaggregationSection = z.strictObject({
  enabled: z.boolean().optional().describe('False keeps the section and serves aggregated.'),
  prefill: DisaggregatedPoolSection.optional(),
  decode: DisaggregatedPoolSection.optional(),
  transfer_bandwidth_gbs: positive
    .optional()
    .describe('GB/s of the link that all KV transfers share.'),
  transfer_latency_ms: nonNegative.optional(),
  kv_compression_ratio: z
    .number()
    .min(1)
    .max(1000)
    .optional()
    .describe('KV bytes divided by the bytes sent.'),
})

export const PoolSection = DisaggregatedPoolSection.extend({
  name: z.string().min(1).max(100).optional().describe('Name of the pool; its role when absent.'),
  role: z.enum(['mixed', 'prefill', 'decode']).describe('What its replicas do.'),
})

export const KvTransferSection = z.strictObject({
  bandwidth_gbs: positive.optional().describe('With pools: GB/s of the link that transfers share.'),
  latency_ms: nonNegative.optional(),
  compression_ratio: z.number().min(1).max(1000).optional(),
  layer_wise: z
    .boolean()
    .optional()
    .describe('Sends the KV cache of each layer while those after it are computed.'),
  first_token_from: z
    .enum(['prefill', 'decode'])
    .optional()
    .describe('Whether the prefill or the first decode step makes the first token.'),
  topology: z
    .strictObject({
      nic_gbs: positive.optional().describe('GB/s of the NIC of a device.'),
      scale_up_gbs: positive.optional().describe('GB/s of a device within its domain.'),
      domain_xpus: count.max(100_000).optional().describe('Devices of a scale-up domain.'),
      leaf_xpus: count.max(100_000).optional().describe('Devices at a leaf switch.'),
      oversubscription: z.number().min(1).max(1000).optional(),
    })
    .optional()
    .describe('In place of the one link: a network with fair shares.'),
})

export const EncodeSection = z.strictObject({
  xpu: nameOrEntry.optional(),
  n_xpus: count.max(100_000).optional().describe('Devices that encode images.'),
  tensor_parallel_size: count
    .max(4096)
    .optional()
    .describe('Devices that encode an image together.'),
  transfer_bandwidth_gbs: positive.optional().describe('GB/s that these send together.'),
  transfer_latency_ms: nonNegative.optional(),
})

/** A scenario file: everything that one run needs, by name, in the field's snake_case. */
export const Scenario = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().max(200).optional().describe('Free text that the results carry along.'),
  model: nameOrEntry.describe('A catalog name or a catalog entry.'),
  workload: WorkloadSection.optional(),
  cluster: ClusterSection.optional(),
  parallelism: ParallelismSection.optional(),
  scheduler: SchedulerSection.optional(),
  admission: AdmissionSection.optional().describe(
    'Who may enter at all, before a router is asked.',
  ),
  router: RouterSection.optional(),
  cost_model: CostModelSection.optional(),
  engine: EngineSection.optional(),
  disaggregation: DisaggregationSection.optional(),
  pools: z.array(PoolSection).min(1).max(64).optional().describe('Any number of pools.'),
  pool_router: RouterSection.optional().describe('Which pool takes a request.'),
  kv_transfer: KvTransferSection.optional(),
  encode: EncodeSection.optional().describe('Devices of their own for the images of prompts.'),
  decider: DeciderSection.optional().describe(
    'Which prompts a prefill pool computes, and which the replica that decodes them.',
  ),
  autoscaling: AutoscalingSection.optional().describe('Replicas come and go with the load.'),
  slo: ObjectivesSection.optional(),
  faults: FaultsSection.optional().describe('What breaks.'),
  simulation_duration_s: positive.max(1e10).optional().describe('Arrivals stop then.'),
  warm_up_duration_s: nonNegative.max(1e10).optional().describe('Start of the measured window.'),
  drain_duration_s: nonNegative
    .max(1e10)
    .optional()
    .describe('Time for running requests to finish; no limit when absent.'),
  random_seed: z.int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  step_by_step: z.boolean().optional(),
  exact_quantiles: z.boolean().optional(),
  breakdown: z
    .boolean()
    .optional()
    .describe('Takes the busy time of each pool apart, operator by operator.'),
})
export type Scenario = z.infer<typeof Scenario>
export type ParallelismSection = z.infer<typeof ParallelismSection>
export type ClusterSection = z.infer<typeof ClusterSection>
export type InterconnectSection = z.infer<typeof InterconnectSection>
export type SchedulerSection = z.infer<typeof SchedulerSection>
export type RouterSection = z.infer<typeof RouterSection>
export type SpeculativeSection = z.infer<typeof SpeculativeSection>
export type EngineSection = z.infer<typeof EngineSection>
export type DisaggregatedPoolSection = z.infer<typeof DisaggregatedPoolSection>
export type PoolSection = z.infer<typeof PoolSection>
export type KvTransferSection = z.infer<typeof KvTransferSection>
