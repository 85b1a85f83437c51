import {
  grouped,
  sizes,
  slidingWindow,
  tied,
  windowedLayers,
  type Architecture,
  type FamilyReader,
} from './architecture.js'
import type { ConfigReader } from './config-reader.js'

const rmsnorm = { kind: 'rmsnorm' } as const

const mixtral: FamilyReader = (config) => {
  const common = sizes(config)
  return {
    ...common,
    attention: grouped(config, slidingWindow(config, common.layers)),
    ffn: {
      kind: 'moe',
      experts: config.count('num_local_experts', 8),
      experts_per_token: config.count('num_experts_per_tok', 2),
      expert_intermediate_size: config.count('intermediate_size'),
      gated: true,
    },
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

/** Experts in every `decoder_sparse_step`-th layer, except where `mlp_only_layers` says otherwise. */
function qwenExperts(config: ConfigReader, layers: number): Architecture['ffn'] {
  const step = config.count('decoder_sparse_step', 1)
  const plain = new Set(config.list('mlp_only_layers') ?? [])
  let denseLayers = 0
  for (let layer = 0; layer < layers; layer++)
    if (plain.has(layer) || (layer + 1) % step !== 0) denseLayers++
  return {
    kind: 'moe',
    experts: config.count(['num_experts', 'num_local_experts']),
    experts_per_token: config.count('num_experts_per_tok'),
    expert_intermediate_size: config.count('moe_intermediate_size'),
    gated: true,
    shared_intermediate_size: config.index('shared_expert_intermediate_size', 0),
    dense_layers: denseLayers,
    dense_intermediate_size: denseLayers === 0 ? 0 : config.count('intermediate_size'),
  }
}

const qwen2Moe: FamilyReader = (config) => {
  const common = sizes(config)
  return {
    ...common,
    attention: grouped(config, { qkv_bias: config.flag('qkv_bias', true) }),
    ffn: qwenExperts(config, common.layers),
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

const qwen3Moe: FamilyReader = (config) => {
  const common = sizes(config)
  const bias = config.flag('attention_bias', false)
  return {
    ...common,
    attention: grouped(config, {
      head_dim: config.count('head_dim', 128),
      qkv_bias: bias,
      output_bias: bias,
      qk_norm: true,
    }),
    ffn: qwenExperts(config, common.layers),
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

const deepseek: FamilyReader = (config) => {
  const common = sizes(config)
  const experts = config.count('moe_intermediate_size')
  const denseLayers = Math.min(common.layers, config.index('first_k_dense_replace', 0))
  return {
    ...common,
    attention: {
      kind: 'mla',
      heads: config.count('num_attention_heads'),
      ...(config.has('q_lora_rank') ? { q_lora_rank: config.count('q_lora_rank') } : {}),
      kv_lora_rank: config.count('kv_lora_rank'),
      qk_nope_head_dim: config.count('qk_nope_head_dim'),
      qk_rope_head_dim: config.count('qk_rope_head_dim'),
      v_head_dim: config.count('v_head_dim'),
      ...(config.has('index_topk')
        ? {
            indexer: {
              heads: config.count('index_n_heads'),
              head_dim: config.count('index_head_dim'),
              topk: config.count('index_topk'),
            },
          }
        : {}),
    },
    ffn: {
      kind: 'moe',
      experts: config.count('n_routed_experts'),
      experts_per_token: config.count('num_experts_per_tok'),
      expert_intermediate_size: experts,
      gated: true,
      shared_intermediate_size: config.index('n_shared_experts', 0) * experts,
      router_bias: config.text('topk_method') === 'noaux_tc',
      dense_layers: denseLayers,
      dense_intermediate_size: denseLayers === 0 ? 0 : config.count('intermediate_size'),
    },
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

const gptOss: FamilyReader = (config) => {
  const common = sizes(config)
  const windowed = windowedLayers(config, Math.ceil(common.layers / 2))
  return {
    ...common,
    attention: grouped(config, {
      qkv_bias: config.flag('attention_bias', true),
      output_bias: config.flag('attention_bias', true),
      sinks: true,
      ...slidingWindow(config, windowed),
    }),
    ffn: {
      kind: 'moe',
      experts: config.count(['num_local_experts', 'num_experts']),
      experts_per_token: config.count(['num_experts_per_tok', 'experts_per_token']),
      expert_intermediate_size: config.count('intermediate_size'),
      gated: true,
      bias: true,
      router_bias: true,
    },
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

/** Experts in every `interleave_moe_layer_step`-th layer, attention in chunks in three of four. */
const llama4: FamilyReader = (config) => {
  const common = sizes(config)
  const step = config.count('interleave_moe_layer_step', 1)
  const denseLayers = common.layers - Math.floor(common.layers / step)
  const chunked = windowedLayers(config, common.layers - Math.floor(common.layers / 4))
  const expert = config.count('intermediate_size')
  return {
    ...common,
    attention: grouped(config, {
      window: {
        tokens: config.count('attention_chunk_size', 8192),
        layers: chunked,
        kind: 'chunked',
      },
    }),
    ffn: {
      kind: 'moe',
      experts: config.count('num_local_experts'),
      experts_per_token: config.count('num_experts_per_tok', 1),
      expert_intermediate_size: expert,
      gated: true,
      shared_intermediate_size: expert,
      dense_layers: denseLayers,
      dense_intermediate_size: denseLayers === 0 ? 0 : config.count('intermediate_size_mlp'),
    },
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

/** Families with a mixture of experts, by `model_type`. */
export const expertFamilies: Readonly<Record<string, FamilyReader>> = {
  mixtral,
  qwen2_moe: qwen2Moe,
  qwen3_moe: qwen3Moe,
  deepseek_v2: deepseek,
  deepseek_v3: deepseek,
  deepseek_v32: deepseek,
  glm_moe_dsa: deepseek,
  kimi_k2: deepseek,
  gpt_oss: gptOss,
  llama4_text: llama4,
}
