import { Accelerator, Model, type ReplicaLayout } from '@llmsim/contracts'

/** Models and devices of these tests: published sizes, written by hand, independent of any catalog. */

const sources = [{ url: 'https://example.com/a-model-card' }]

export const llama2x70b: Model = Model.parse({
  name: 'llama2-70b',
  family: 'llama',
  layers: 80,
  hidden_size: 8192,
  vocab_size: 32000,
  max_context: 4096,
  attention: { kind: 'gqa', heads: 64, kv_heads: 8, head_dim: 128 },
  ffn: { kind: 'dense', intermediate_size: 28672, gated: true },
  tied_embeddings: false,
  norm: { kind: 'rmsnorm' },
  published: { parameters: 68_976_648_192 },
  sources,
})

export const llama3x8b: Model = Model.parse({
  name: 'llama3-8b',
  family: 'llama',
  layers: 32,
  hidden_size: 4096,
  vocab_size: 128256,
  max_context: 8192,
  attention: { kind: 'gqa', heads: 32, kv_heads: 8, head_dim: 128 },
  ffn: { kind: 'dense', intermediate_size: 14336, gated: true },
  tied_embeddings: false,
  norm: { kind: 'rmsnorm' },
  published: { parameters: 8_030_261_248 },
  sources,
})

export const mixtral: Model = Model.parse({
  name: 'mixtral-8x7b',
  family: 'mixtral',
  layers: 32,
  hidden_size: 4096,
  vocab_size: 32000,
  max_context: 32768,
  attention: { kind: 'gqa', heads: 32, kv_heads: 8, head_dim: 128 },
  ffn: {
    kind: 'moe',
    experts: 8,
    experts_per_token: 2,
    expert_intermediate_size: 14336,
    gated: true,
  },
  tied_embeddings: false,
  norm: { kind: 'rmsnorm' },
  published: { parameters: 46_702_792_704, active_parameters: 12_879_925_248 },
  sources,
})

export const deepseekV3: Model = Model.parse({
  name: 'deepseek-v3',
  family: 'deepseek',
  layers: 61,
  hidden_size: 7168,
  vocab_size: 129280,
  max_context: 163840,
  attention: {
    kind: 'mla',
    heads: 128,
    q_lora_rank: 1536,
    kv_lora_rank: 512,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
  },
  ffn: {
    kind: 'moe',
    experts: 256,
    experts_per_token: 8,
    expert_intermediate_size: 2048,
    gated: true,
    shared_intermediate_size: 2048,
    router_bias: true,
    dense_layers: 3,
    dense_intermediate_size: 18432,
  },
  tied_embeddings: false,
  norm: { kind: 'rmsnorm' },
  dtype: 'fp8',
  published: { parameters: 671e9, active_parameters: 37e9 },
  sources,
})

/** Sparse attention, as in DeepSeek-V3.2. */
export const sparseModel: Model = Model.parse({
  ...deepseekV3,
  name: 'deepseek-v3.2',
  attention: { ...deepseekV3.attention, indexer: { heads: 64, head_dim: 128, topk: 2048 } },
})

/** Gemma-like: half of the layers see 1024 tokens only; tied embeddings. */
export const windowedModel: Model = Model.parse({
  name: 'windowed-9b',
  family: 'gemma',
  layers: 42,
  hidden_size: 3584,
  vocab_size: 256000,
  max_context: 8192,
  attention: {
    kind: 'gqa',
    heads: 16,
    kv_heads: 8,
    head_dim: 256,
    window: { tokens: 1024, layers: 21 },
  },
  ffn: { kind: 'dense', intermediate_size: 14336, gated: true },
  tied_embeddings: true,
  norm: { kind: 'rmsnorm', per_layer: 4 },
  published: { parameters: 9.24e9 },
  sources,
})

export const models: readonly Model[] = [
  llama2x70b,
  llama3x8b,
  mixtral,
  deepseekV3,
  sparseModel,
  windowedModel,
]

export const h100: Accelerator = Accelerator.parse({
  name: 'h100-80gb',
  vendor: 'NVIDIA',
  product: 'H100 SXM5',
  generation: 'hopper',
  memory_bytes: 85_899_345_920,
  memory_bandwidth_bytes_per_s: 3.35e12,
  peak_flop_per_s: { bf16: 989e12, fp16: 989e12, fp8: 1979e12, int8: 1979e12 },
  scale_up: { name: 'NVLink 4', bandwidth_bytes_per_s: 450e9, latency_s: 2e-6 },
  scale_out: { name: 'InfiniBand NDR', bandwidth_bytes_per_s: 50e9, latency_s: 5e-6 },
  devices_per_node: 8,
  power: { tdp_w: 700, idle_w: 70 },
  sources,
})

export const mi300x: Accelerator = Accelerator.parse({
  name: 'mi300x',
  vendor: 'AMD',
  product: 'Instinct MI300X',
  generation: 'cdna3',
  memory_bytes: 206_158_430_208,
  memory_bandwidth_bytes_per_s: 5.3e12,
  peak_flop_per_s: { bf16: 1307e12, fp16: 1307e12, fp8: 2615e12, int8: 2615e12 },
  scale_up: { name: 'Infinity Fabric', bandwidth_bytes_per_s: 448e9, latency_s: 2e-6 },
  scale_out: { name: 'InfiniBand NDR', bandwidth_bytes_per_s: 50e9, latency_s: 5e-6 },
  devices_per_node: 8,
  power: { tdp_w: 750, idle_w: 140 },
  sources,
})

/** No bf16, no fp8. */
export const v100: Accelerator = Accelerator.parse({
  name: 'v100-32gb',
  vendor: 'NVIDIA',
  product: 'V100 SXM2',
  generation: 'volta',
  memory_bytes: 34_359_738_368,
  memory_bandwidth_bytes_per_s: 0.9e12,
  peak_flop_per_s: { fp32: 15.7e12, fp16: 125e12 },
  scale_up: { name: 'NVLink 2', bandwidth_bytes_per_s: 150e9, latency_s: 3e-6 },
  scale_out: { name: 'InfiniBand EDR', bandwidth_bytes_per_s: 12.5e9, latency_s: 5e-6 },
  devices_per_node: 8,
  power: { tdp_w: 300, idle_w: 40 },
  sources,
})

export const accelerators: readonly Accelerator[] = [h100, mi300x, v100]

/** A layout in bf16 on whole nodes of the accelerator, with what differs. */
export function layout(
  model: Model,
  accelerator: Accelerator,
  changes: Partial<ReplicaLayout> = {},
): ReplicaLayout {
  const speed = (link: Accelerator['scale_up']): ReplicaLayout['intraNode'] => ({
    bandwidthBytesPerSecond: link.bandwidth_bytes_per_s,
    latencySeconds: link.latency_s,
  })
  return {
    model,
    accelerator,
    tensorParallel: 1,
    pipelineParallel: 1,
    devicesPerNode: accelerator.devices_per_node,
    intraNode: speed(accelerator.scale_up),
    interNode: speed(accelerator.scale_out),
    weightFormat: 'bf16',
    activationFormat: 'bf16',
    kvCacheFormat: 'bf16',
    ...changes,
  }
}
