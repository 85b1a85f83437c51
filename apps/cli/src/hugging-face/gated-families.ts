import {
  gated,
  grouped,
  sizes,
  slidingWindow,
  tied,
  windowedLayers,
  type FamilyReader,
} from './architecture.js'
import type { ConfigReader } from './config-reader.js'

const rmsnorm = { kind: 'rmsnorm' } as const

const llama: FamilyReader = (config) => {
  const bias = config.flag('attention_bias', false)
  return {
    ...sizes(config),
    attention: grouped(config, { qkv_bias: bias, output_bias: bias }),
    ffn: gated(config, config.flag('mlp_bias', false)),
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

const mistral: FamilyReader = (config) => {
  const common = sizes(config)
  return {
    ...common,
    attention: grouped(config, slidingWindow(config, common.layers)),
    ffn: gated(config),
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

/** Qwen windows the layers from `max_window_layers` on, and only where it says so. */
function qwenWindow(config: ConfigReader, layers: number): ReturnType<typeof slidingWindow> {
  if (!config.flag('use_sliding_window', false)) return {}
  return slidingWindow(
    config,
    windowedLayers(config, layers - config.index('max_window_layers', 28)),
  )
}

const qwen2: FamilyReader = (config) => {
  const common = sizes(config)
  return {
    ...common,
    attention: grouped(config, { qkv_bias: true, ...qwenWindow(config, common.layers) }),
    ffn: gated(config),
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

const qwen3: FamilyReader = (config) => {
  const common = sizes(config)
  const bias = config.flag('attention_bias', false)
  return {
    ...common,
    attention: grouped(config, {
      head_dim: config.count('head_dim', 128),
      qkv_bias: bias,
      output_bias: bias,
      qk_norm: true,
      ...qwenWindow(config, common.layers),
    }),
    ffn: gated(config),
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

/** Gemma 1; the later ones have norms behind attention and FFN too. */
const gemma: FamilyReader = (config) => ({
  ...sizes(config),
  attention: grouped(config, { head_dim: config.count('head_dim', 256) }),
  ffn: gated(config),
  tied_embeddings: tied(config, true),
  norm: rmsnorm,
})

const gemma2: FamilyReader = (config) => {
  const common = gemma(config)
  const windowed = windowedLayers(config, Math.ceil(common.layers / 2))
  return {
    ...common,
    attention: {
      ...common.attention,
      ...slidingWindow(config, windowed),
    },
    norm: { ...rmsnorm, per_layer: 4 },
  }
}

/** The text part leaves out what equals the defaults of its class. */
const gemma3: FamilyReader = (config) => {
  const layers = config.count('num_hidden_layers', 26)
  const pattern = config.count('sliding_window_pattern', 6)
  return {
    layers,
    hidden_size: config.count('hidden_size', 2304),
    vocab_size: config.count('vocab_size', 262208),
    max_context: config.count('max_position_embeddings', 131072),
    attention: {
      kind: 'gqa',
      heads: config.count('num_attention_heads', 8),
      kv_heads: config.count('num_key_value_heads', 4),
      head_dim: config.count('head_dim', 256),
      qk_norm: true,
      window: {
        tokens: config.count('sliding_window', 4096),
        layers: Math.max(1, windowedLayers(config, layers - Math.floor(layers / pattern))),
      },
    },
    ffn: {
      kind: 'dense',
      intermediate_size: config.count('intermediate_size', 9216),
      gated: true,
    },
    tied_embeddings: tied(config, true),
    norm: { ...rmsnorm, per_layer: 4 },
  }
}

const phi3: FamilyReader = (config) => {
  const common = sizes(config)
  return {
    ...common,
    attention: grouped(config, slidingWindow(config, common.layers)),
    ffn: gated(config),
    tied_embeddings: tied(config, false),
    norm: rmsnorm,
  }
}

const stablelm: FamilyReader = (config) => ({
  ...sizes(config),
  attention: grouped(config, {
    qkv_bias: config.flag('use_qkv_bias', false),
    qk_norm: config.flag('qk_layernorm', false),
  }),
  ffn: gated(config),
  tied_embeddings: tied(config, false),
  norm: {
    kind: 'layernorm',
    per_layer: config.flag('use_parallel_residual', false) ? 1 : 2,
  },
})

/** Families with a gated feed-forward network in every layer, by `model_type`. */
export const gatedFamilies: Readonly<Record<string, FamilyReader>> = {
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma,
  gemma2,
  gemma3_text: gemma3,
  phi3,
  stablelm,
}
