import { parameterCounts } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import { isHuggingFaceConfig, modelFromHuggingFace } from './model-config.js'

const { models } = await loadRegistries({}, '/')

/** The published files, without the fields that say nothing of the architecture. */
const configs: Readonly<Record<string, object>> = {
  'llama2-70b': {
    model_type: 'llama',
    hidden_size: 8192,
    intermediate_size: 28672,
    max_position_embeddings: 4096,
    num_attention_heads: 64,
    num_hidden_layers: 80,
    num_key_value_heads: 8,
    torch_dtype: 'float16',
    vocab_size: 32000,
    tie_word_embeddings: false,
  },
  'llama3.2-1b': {
    model_type: 'llama',
    head_dim: 64,
    hidden_size: 2048,
    intermediate_size: 8192,
    max_position_embeddings: 131072,
    num_attention_heads: 32,
    num_hidden_layers: 16,
    num_key_value_heads: 8,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    vocab_size: 128256,
  },
  'mixtral-8x7b': {
    model_type: 'mixtral',
    hidden_size: 4096,
    intermediate_size: 14336,
    max_position_embeddings: 32768,
    num_attention_heads: 32,
    num_experts_per_tok: 2,
    num_hidden_layers: 32,
    num_key_value_heads: 8,
    num_local_experts: 8,
    sliding_window: null,
    vocab_size: 32000,
  },
  'qwen2.5-7b': {
    model_type: 'qwen2',
    hidden_size: 3584,
    intermediate_size: 18944,
    max_position_embeddings: 131072,
    max_window_layers: 28,
    num_attention_heads: 28,
    num_hidden_layers: 28,
    num_key_value_heads: 4,
    sliding_window: 131072,
    tie_word_embeddings: false,
    use_sliding_window: false,
    vocab_size: 152064,
  },
  'qwen3-30b-a3b': {
    model_type: 'qwen3_moe',
    attention_bias: false,
    decoder_sparse_step: 1,
    head_dim: 128,
    hidden_size: 2048,
    intermediate_size: 6144,
    max_position_embeddings: 40960,
    mlp_only_layers: [],
    moe_intermediate_size: 768,
    num_attention_heads: 32,
    num_experts: 128,
    num_experts_per_tok: 8,
    num_hidden_layers: 48,
    num_key_value_heads: 4,
    tie_word_embeddings: false,
    vocab_size: 151936,
  },
  'qwen3-8b': {
    model_type: 'qwen3',
    attention_bias: false,
    head_dim: 128,
    hidden_size: 4096,
    intermediate_size: 12288,
    max_position_embeddings: 40960,
    num_attention_heads: 32,
    num_hidden_layers: 36,
    num_key_value_heads: 8,
    tie_word_embeddings: false,
    vocab_size: 151936,
  },
  'deepseek-v3': {
    model_type: 'deepseek_v3',
    first_k_dense_replace: 3,
    hidden_size: 7168,
    intermediate_size: 18432,
    kv_lora_rank: 512,
    max_position_embeddings: 163840,
    moe_intermediate_size: 2048,
    n_routed_experts: 256,
    n_shared_experts: 1,
    num_attention_heads: 128,
    num_experts_per_tok: 8,
    num_hidden_layers: 61,
    q_lora_rank: 1536,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    quantization_config: { quant_method: 'fp8' },
    topk_method: 'noaux_tc',
    v_head_dim: 128,
    vocab_size: 129280,
  },
  'deepseek-v3.2': {
    model_type: 'deepseek_v32',
    first_k_dense_replace: 3,
    hidden_size: 7168,
    index_head_dim: 128,
    index_n_heads: 64,
    index_topk: 2048,
    intermediate_size: 18432,
    kv_lora_rank: 512,
    max_position_embeddings: 163840,
    moe_intermediate_size: 2048,
    n_routed_experts: 256,
    n_shared_experts: 1,
    num_attention_heads: 128,
    num_experts_per_tok: 8,
    num_hidden_layers: 61,
    q_lora_rank: 1536,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    quantization_config: { quant_method: 'fp8' },
    topk_method: 'noaux_tc',
    v_head_dim: 128,
    vocab_size: 129280,
  },
  'gemma2-9b': {
    model_type: 'gemma2',
    head_dim: 256,
    hidden_size: 3584,
    intermediate_size: 14336,
    max_position_embeddings: 8192,
    num_attention_heads: 16,
    num_hidden_layers: 42,
    num_key_value_heads: 8,
    sliding_window: 4096,
    vocab_size: 256000,
  },
  'gemma3-27b': {
    model_type: 'gemma3',
    text_config: {
      model_type: 'gemma3_text',
      head_dim: 128,
      hidden_size: 5376,
      intermediate_size: 21504,
      num_attention_heads: 32,
      num_hidden_layers: 62,
      num_key_value_heads: 16,
      sliding_window: 1024,
    },
  },
  'phi-4': {
    model_type: 'phi3',
    hidden_size: 5120,
    intermediate_size: 17920,
    max_position_embeddings: 16384,
    num_attention_heads: 40,
    num_hidden_layers: 40,
    num_key_value_heads: 10,
    sliding_window: null,
    vocab_size: 100352,
  },
  'gpt-oss-20b': {
    model_type: 'gpt_oss',
    attention_bias: true,
    experts_per_token: 4,
    head_dim: 64,
    hidden_size: 2880,
    intermediate_size: 2880,
    max_position_embeddings: 131072,
    num_attention_heads: 64,
    num_hidden_layers: 24,
    num_key_value_heads: 8,
    num_local_experts: 32,
    quantization_config: { quant_method: 'mxfp4' },
    sliding_window: 128,
    vocab_size: 201088,
  },
  'falcon-40b': {
    model_type: 'falcon',
    bias: false,
    hidden_size: 8192,
    new_decoder_architecture: true,
    num_attention_heads: 128,
    num_hidden_layers: 60,
    num_kv_heads: 8,
    parallel_attn: true,
    vocab_size: 65024,
  },
  'opt-13b': {
    model_type: 'opt',
    ffn_dim: 20480,
    hidden_size: 5120,
    max_position_embeddings: 2048,
    num_attention_heads: 40,
    num_hidden_layers: 40,
    vocab_size: 50272,
  },
  'bloom-176b': {
    model_type: 'bloom',
    n_embed: 14336,
    n_layer: 70,
    num_attention_heads: 112,
    seq_length: 2048,
    vocab_size: 250880,
  },
  'gptj-6b': {
    model_type: 'gptj',
    n_embd: 4096,
    n_head: 16,
    n_inner: null,
    n_layer: 28,
    n_positions: 2048,
    tie_word_embeddings: false,
    vocab_size: 50400,
  },
  'gpt-neox-20b': {
    model_type: 'gpt_neox',
    hidden_size: 6144,
    intermediate_size: 24576,
    max_position_embeddings: 2048,
    num_attention_heads: 64,
    num_hidden_layers: 44,
    tie_word_embeddings: false,
    vocab_size: 50432,
  },
  'llama4-maverick': {
    model_type: 'llama4',
    text_config: {
      model_type: 'llama4_text',
      attention_chunk_size: 8192,
      head_dim: 128,
      hidden_size: 5120,
      interleave_moe_layer_step: 2,
      intermediate_size: 8192,
      intermediate_size_mlp: 16384,
      max_position_embeddings: 1048576,
      num_attention_heads: 40,
      num_experts_per_tok: 1,
      num_hidden_layers: 48,
      num_key_value_heads: 8,
      num_local_experts: 128,
      vocab_size: 202048,
    },
  },
}

describe('modelFromHuggingFace', () => {
  it.each(Object.entries(configs))(
    'reads the architecture of %s as the catalog has it',
    (name, config) => {
      expect(isHuggingFaceConfig(config as Record<string, unknown>)).toBe(true)
      const read = modelFromHuggingFace(config as Record<string, unknown>)
      const known = models.get(name)
      expect(read.attention).toEqual(known.attention)
      expect(read.ffn).toEqual(known.ffn)
      expect(read.norm).toEqual(known.norm)
      // The vision tower is left out.
      expect(parameterCounts(read).total).toBe(
        parameterCounts(known).total - known.other_parameters,
      )
    },
  )

  it('takes name and source from the repository, and the format from the quantisation', () => {
    const model = modelFromHuggingFace({
      ...configs['gpt-oss-20b'],
      _name_or_path: 'openai/gpt-oss-20b',
    })
    expect(model).toMatchObject({ name: 'gpt-oss-20b', dtype: 'fp4' })
    expect(model.sources[0]?.url).toBe('https://huggingface.co/openai/gpt-oss-20b')
  })

  it('takes a width of a head that is stated, whatever the heads', () => {
    const uneven = { num_attention_heads: 66, num_key_value_heads: 11, head_dim: 128 }
    const { attention } = modelFromHuggingFace({ ...configs['llama2-70b'], ...uneven })
    expect(attention).toMatchObject({ heads: 66, kv_heads: 11, head_dim: 128 })
  })

  it.each([
    ['torch.float16', 'fp16'],
    ['auto', 'bf16'],
  ])('reads the format %s', (torch_dtype, dtype) => {
    expect(modelFromHuggingFace({ ...configs['llama2-70b'], torch_dtype }).dtype).toBe(dtype)
  })

  it('refuses a family that it does not know, naming near ones', () => {
    expect(() => modelFromHuggingFace({ model_type: 'lama' })).toThrow(
      /model\.model_type: .*accepted: .*did you mean llama/,
    )
  })

  it.each([
    [{ model_type: 'llama' }, 'model.num_hidden_layers: is required'],
    [{ ...configs['llama2-70b'], hidden_size: -1 }, 'model.hidden_size: is not a size'],
    [{ ...configs['llama2-70b'], vocab_size: '32000' }, 'model.vocab_size: is not a size'],
    [{ ...configs['llama2-70b'], tie_word_embeddings: 1 }, 'model.tie_word_embeddings: '],
    [
      { ...configs['llama2-70b'], num_attention_heads: 66, num_key_value_heads: 11 },
      'model.num_attention_heads: does not divide a width of 8192',
    ],
    [
      { ...configs['llama2-70b'], num_key_value_heads: 7 },
      'model.num_key_value_heads: does not divide the 64 attention heads',
    ],
    [
      { ...configs['llama2-70b'], torch_dtype: 'float8' },
      'model.torch_dtype: is no format of weights that is known; given "float8"; accepted: bfloat16',
    ],
  ])('refuses sizes that are none', (config, message) => {
    expect(() => modelFromHuggingFace(config)).toThrow(message)
  })
})
