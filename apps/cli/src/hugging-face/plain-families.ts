import { grouped, plain, sizes, tied, type FamilyReader } from './architecture.js'

const layernorm = { kind: 'layernorm' } as const

const opt: FamilyReader = (config) => {
  const common = sizes(config)
  const bias = config.flag('enable_bias', true)
  return {
    ...common,
    attention: grouped(config, { qkv_bias: bias, output_bias: bias }),
    ffn: plain(config, 'ffn_dim', bias),
    tied_embeddings: tied(config, true),
    norm: layernorm,
    // Two rows more than positions: the offset of the padding.
    learned_positions: common.max_context + 2,
  }
}

const bloom: FamilyReader = (config) => ({
  ...sizes(config),
  attention: grouped(config, { qkv_bias: true, output_bias: true }),
  ffn: plain(config, 'n_inner'),
  tied_embeddings: tied(config, true),
  norm: { ...layernorm, on_embedding: true },
})

/** The first Falcon has one key/value head and one norm, the later ones groups and two norms. */
const falcon: FamilyReader = (config) => {
  const grouping = config.flag('new_decoder_architecture', false)
  const heads = config.count(['num_attention_heads', 'n_head'])
  const shared = config.flag('multi_query', true) ? 1 : heads
  const bias = config.flag('bias', false)
  const parallel = config.flag('parallel_attn', true)
  return {
    ...sizes(config),
    attention: grouped(config, {
      kv_heads: grouping ? config.count(['num_kv_heads', 'n_head_kv'], heads) : shared,
      qkv_bias: bias,
      output_bias: bias,
    }),
    ffn: plain(config, 'ffn_hidden_size', bias),
    tied_embeddings: tied(config, true),
    norm: { ...layernorm, per_layer: parallel && !grouping ? 1 : 2 },
  }
}

const gptj: FamilyReader = (config) => ({
  ...sizes(config),
  attention: grouped(config),
  ffn: plain(config, 'n_inner'),
  tied_embeddings: tied(config, false),
  lm_head_bias: true,
  norm: { ...layernorm, per_layer: 1 },
})

const gptNeox: FamilyReader = (config) => {
  const bias = config.flag('attention_bias', true)
  return {
    ...sizes(config),
    attention: grouped(config, { qkv_bias: bias, output_bias: bias }),
    ffn: plain(config, 'intermediate_size'),
    tied_embeddings: tied(config, false),
    norm: layernorm,
  }
}

const gpt2: FamilyReader = (config) => {
  const common = sizes(config)
  return {
    ...common,
    attention: grouped(config, { qkv_bias: true, output_bias: true }),
    ffn: plain(config, 'n_inner'),
    tied_embeddings: tied(config, true),
    norm: layernorm,
    learned_positions: common.max_context,
  }
}

const phi: FamilyReader = (config) => ({
  ...sizes(config),
  attention: grouped(config, { qkv_bias: true, output_bias: true }),
  ffn: plain(config, 'intermediate_size'),
  tied_embeddings: tied(config, false),
  lm_head_bias: true,
  norm: { ...layernorm, per_layer: 1 },
})

/** Families whose feed-forward network is two plain matrices, by `model_type`. */
export const plainFamilies: Readonly<Record<string, FamilyReader>> = {
  opt,
  bloom,
  falcon,
  gptj,
  gpt_neox: gptNeox,
  gpt2,
  phi,
}
