import {
  boolean,
  group,
  integer,
  number,
  objective,
  text,
  type Row,
  type ScenarioFlag,
} from './flag-rows.js'
import { fleetFlags } from './fleet-flags.js'
import { workloadFlags } from './workload-flags.js'

export type { ScenarioFlag } from './flag-rows.js'

const deployment = group('Deployment:', [
  text(
    '--model NAME|FILE',
    'model',
    'model: a catalog name, a catalog file, a Hugging Face config.json or its folder',
  ),
  text(
    '--xpu --hardware NAME|FILE',
    'cluster.xpu',
    'accelerator: a catalog name or a catalog file',
  ),
  integer(
    '--n-xpus-per-node N',
    'cluster.n_xpus_per_node',
    'devices of a node (default: as many as are needed and a usual node has)',
  ),
  integer(
    '--n-nodes N',
    'cluster.n_nodes',
    'nodes (default: as many as are needed; 1 with --n-xpus-per-node)',
  ),
  integer(
    '--tp N',
    'parallelism.tensor_parallel_size',
    'devices that share each layer (default: 1)',
  ),
  integer('--pp N', 'parallelism.pipeline_parallel_size', 'pipeline stages (default: 1)'),
  integer(
    '--dp N',
    'parallelism.data_parallel_size',
    'replicas (default: as many as the devices hold)',
  ),
  integer(
    '--cp N',
    'parallelism.context_parallel_size',
    'groups of devices that share the tokens of a prompt (default: 1)',
  ),
  integer(
    '--attention-dp N',
    'parallelism.attention_data_parallel_size',
    'attention ranks of a replica, which share its experts (default: 1)',
  ),
  integer(
    '--ep N',
    'parallelism.expert_parallel_size',
    'devices that whole experts are spread over (default: 1)',
    ['parallelism.enable_expert_parallel'],
  ),
  boolean(
    '--enable-expert-parallel',
    'parallelism.enable_expert_parallel',
    'spread whole experts over all devices of a stage',
    ['parallelism.expert_parallel_size'],
  ),
  integer(
    '--redundant-experts N',
    'parallelism.redundant_experts',
    'copies of experts besides one of each (default: 0)',
  ),
  number(
    '--expert-imbalance RATIO',
    'parallelism.expert_imbalance',
    "tokens of the fullest device's experts over the average (default: 1)",
  ),
  text(
    '--all-to-all-backend NAME',
    'parallelism.all_to_all_backend',
    'allgather_reducescatter, all_to_all, deepep_high_throughput or deepep_low_latency',
  ),
])

const scheduling = group('Scheduling:', [
  text(
    '--batching-type TYPE',
    'scheduler.batching_type',
    'static or continuous (default: continuous)',
    ['scheduler.name'],
  ),
  text(
    '--batching-strategy STRATEGY',
    'scheduler.batching_strategy',
    'greedy or windowed (default: greedy)',
    ['scheduler.name'],
  ),
  text('--scheduler NAME', 'scheduler.name', 'a scheduler by name, in place of type and strategy', [
    'scheduler.batching_type',
    'scheduler.batching_strategy',
  ]),
  integer(
    '--max-batch-size N',
    'scheduler.max_batch_size',
    'running requests of a replica at most (default: 256)',
  ),
  integer(
    '--min-batch-size N',
    'scheduler.min_batch_size',
    'requests that a windowed batch waits for (default: 8)',
  ),
  number(
    '--batching-window-ms MS',
    'scheduler.batching_window_ms',
    'how long the oldest request waits for a windowed batch (default: 50)',
  ),
  integer(
    '--max-num-batched-tokens N',
    'scheduler.max_num_batched_tokens',
    'prompt tokens of one step at most (default: 8192)',
  ),
  text(
    '--phase-order ORDER',
    'scheduler.phase_order',
    'prefill-first or decode-first (default: prefill-first)',
  ),
  text(
    '--admission NAME',
    'admission.name',
    'who may enter: always, token-bucket, queue-limit or shed (default: always)',
  ),
  text(
    '--router NAME',
    'router.name',
    'round-robin, least-outstanding, least-kv, power-of-two, prefix-affinity, weighted and others (default: least-outstanding)',
  ),
  number(
    '--signal-delay MS',
    'router.signal_delay_ms',
    'how old the loads are that the router sees (default: 0)',
  ),
])

const engine = group('Engine:', [
  text(
    '--engine NAME',
    'engine.name',
    'engine profile: vllm, sglang, tensorrt-llm or bare (default: vllm)',
  ),
  text(
    '--dtype FORMAT',
    'engine.dtype',
    'weights: fp32, bf16, fp16, fp8, int8, fp4 or int4 (default: as published)',
  ),
  text(
    '--activation-dtype FORMAT',
    'engine.activation_dtype',
    'activations (default: as the weights, at least 8 bits of floating point)',
  ),
  text(
    '--kv-cache-dtype FORMAT',
    'engine.kv_cache_dtype',
    'KV cache (default: as the weights, at least 16 bits)',
  ),
  number(
    '--gpu-memory-utilization SHARE',
    'engine.gpu_memory_utilization',
    'share of device memory that may be used (default: 0.9)',
  ),
  integer('--block-size TOKENS', 'engine.block_size', 'tokens of a KV block (default: 16)'),
  integer(
    '--num-gpu-blocks-override N',
    'engine.num_gpu_blocks_override',
    'KV blocks of a replica, in place of those that the memory holds',
  ),
  boolean(
    '--disable-hybrid-kv-cache-manager',
    'engine.disable_hybrid_kv_cache_manager',
    'layers with a window keep all tokens in the KV cache',
  ),
  boolean(
    '--enable-prefix-caching',
    'engine.enable_prefix_caching',
    'keep KV blocks for requests that begin alike',
  ),
  text(
    '--preemption-mode MODE',
    'engine.preemption_mode',
    'recompute or swap (default: swap with --swap-space, else recompute)',
  ),
  number(
    '--swap-space GIB',
    'engine.swap_space_gb',
    'host memory of a device for preempted requests (default: 4 with swap)',
  ),
  text(
    '--speculative-method METHOD',
    'engine.speculative.method',
    'speculative decoding: draft-model, mtp, eagle or ngram',
  ),
  integer(
    '--num-speculative-tokens N',
    'engine.speculative.num_speculative_tokens',
    'tokens that are drafted in each step (default: 1)',
  ),
  number(
    '--acceptance-rate P',
    'engine.speculative.acceptance_rate',
    'probability that a drafted token is accepted when those before it were',
  ),
  text(
    '--draft-model NAME|FILE',
    'engine.speculative.draft_model',
    'the model that drafts, with --speculative-method draft-model',
  ),
  integer(
    '--max-loras N',
    'engine.lora.max_loras',
    "LoRA adapters in the memory of a replica's devices (default: 1 with adapters)",
  ),
  integer(
    '--max-lora-rank N',
    'engine.lora.max_lora_rank',
    'largest rank, which each slot has room for (default: that of the adapters, or 16)',
  ),
  integer(
    '--max-cpu-loras N',
    'engine.lora.max_cpu_loras',
    'LoRA adapters in host memory (default: as many as on the devices)',
  ),
  text(
    '--cost-model NAME',
    'cost_model.name',
    'calibrated, roofline or fixed (default: calibrated)',
  ),
])

const run = group('Run:', [
  number(
    '--duration S',
    'simulation_duration_s',
    'arrivals stop then (default: 60, or none with --num-requests or --trace)',
  ),
  number('--warm-up S', 'warm_up_duration_s', 'start of the measured window (default: 0)'),
  number(
    '--drain S',
    'drain_duration_s',
    'time for running requests to finish (default: no limit)',
  ),
  integer('--seed N', 'random_seed', 'seed of all randomness (default: 0)'),
  objective(
    '--slo-ttft LIMIT',
    'slo.ttft_ms',
    'time to first token of a good request, as 500ms or 1s; or of a quantile, as p99=1s',
  ),
  objective('--slo-tpot LIMIT', 'slo.tpot_ms', 'time per output token, likewise'),
  objective('--slo-e2e LIMIT', 'slo.e2e_ms', 'end-to-end latency, likewise'),
  boolean('--step-by-step', 'step_by_step', 'one step at a time: slower, the same results'),
  boolean(
    '--breakdown',
    'breakdown',
    'take the busy time of each pool apart, operator by operator',
  ),
  boolean('--exact-quantiles', 'exact_quantiles', 'keep every latency in place of a histogram'),
])

const disaggregation = group('Disaggregated serving:', [
  boolean(
    '--disaggregated',
    'disaggregation.enabled',
    'a prefill pool and a decode pool in place of mixed replicas',
  ),
  ...(['prefill', 'decode'] as const).flatMap((pool): Row[] => [
    text(
      `--${pool}-xpu NAME|FILE`,
      `disaggregation.${pool}.xpu`,
      `accelerator of the ${pool} pool (default: --xpu)`,
    ),
    integer(
      `--${pool}-n-xpus N`,
      `disaggregation.${pool}.n_xpus`,
      `devices of the ${pool} pool (default: those of the cluster)`,
    ),
    integer(
      `--${pool}-tp N`,
      `disaggregation.${pool}.tensor_parallel_size`,
      `tensor parallelism of the ${pool} pool (default: --tp)`,
    ),
    integer(
      `--${pool}-attention-dp N`,
      `disaggregation.${pool}.attention_data_parallel_size`,
      `attention ranks of a replica of the ${pool} pool (default: --attention-dp)`,
    ),
    integer(
      `--${pool}-ep N`,
      `disaggregation.${pool}.expert_parallel_size`,
      `expert parallelism of the ${pool} pool (default: --ep)`,
      [`disaggregation.${pool}.enable_expert_parallel`],
    ),
  ]),
  number(
    '--transfer-bandwidth GB/S',
    'disaggregation.transfer_bandwidth_gbs',
    'link between the pools (default: the scale-out links of the smaller pool)',
  ),
  number(
    '--transfer-latency MS',
    'disaggregation.transfer_latency_ms',
    'latency of that link (default: 1)',
  ),
  text(
    '--encode-xpu NAME|FILE',
    'encode.xpu',
    'accelerator of devices of their own for images (default with --encode-n-xpus: --xpu)',
  ),
  integer('--encode-n-xpus N', 'encode.n_xpus', 'devices that encode images (default: none)'),
  text(
    '--decider NAME',
    'decider.name',
    'which prompts a prefill pool computes: always, prefix-miss, load or conditional (default: all)',
  ),
  text(
    '--first-token-from STEP',
    'kv_transfer.first_token_from',
    'the step that makes the first token: prefill, or decode as in vLLM (default: prefill)',
  ),
  number(
    '--kv-compression-ratio RATIO',
    'disaggregation.kv_compression_ratio',
    'KV bytes divided by the bytes sent (default: 1)',
  ),
])

/**
 * The flags that set a field of a scenario. No schema is imported here: `llmsim --help` loads this table
 * alone.
 */
export const scenarioFlags: readonly ScenarioFlag[] = [
  ...deployment,
  ...workloadFlags,
  ...scheduling,
  ...engine,
  ...disaggregation,
  ...fleetFlags,
  ...run,
]
