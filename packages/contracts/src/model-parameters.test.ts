import { describe, expect, it } from 'vitest'
import { Model } from './model.js'
import { parameterCountGap, parameterCounts } from './model-parameters.js'

function model(fields: object): Model {
  return Model.parse({
    name: 'toy',
    family: 'toy',
    layers: 3,
    hidden_size: 10,
    vocab_size: 100,
    max_context: 64,
    attention: { kind: 'gqa', heads: 4, kv_heads: 2, head_dim: 3 },
    ffn: { kind: 'dense', intermediate_size: 20, gated: true },
    tied_embeddings: false,
    norm: { kind: 'rmsnorm' },
    published: { parameters: 1 },
    sources: [{ url: 'https://example.org/toy' }],
    ...fields,
  })
}

describe('parameterCounts', () => {
  it('counts a gated, grouped-query model', () => {
    const counts = parameterCounts(model({}))
    // Queries 10 x 12, keys and values 10 x 2 x 6, output 12 x 10.
    expect(counts.attentionPerLayer).toBe(120 + 120 + 120)
    expect(counts).toMatchObject({
      embedding: 1000,
      denseFfn: 600,
      expert: 0,
      sharedExperts: 0,
      router: 0,
      normsPerLayer: 20,
      finalNorm: 10,
      lmHead: 1000,
      denseLayers: 3,
      moeLayers: 0,
      other: 0,
    })
    expect(counts.total).toBe(1000 + 1000 + 10 + 3 * (360 + 20 + 600))
    expect(counts.active).toBe(counts.total)
  })

  it('counts biases, norms on heads, sinks, positions and LayerNorms', () => {
    const counts = parameterCounts(
      model({
        attention: {
          kind: 'gqa',
          heads: 4,
          kv_heads: 4,
          head_dim: 3,
          qkv_bias: true,
          output_bias: true,
          qk_norm: true,
          sinks: true,
        },
        ffn: { kind: 'dense', intermediate_size: 20, gated: false, bias: true },
        tied_embeddings: true,
        lm_head_bias: true,
        learned_positions: 66,
        norm: { kind: 'layernorm', per_layer: 1, on_embedding: true },
        other_parameters: 7,
      }),
    )
    expect(counts.attentionPerLayer).toBe(4 * 120 + 36 + 10 + 6 + 4)
    expect(counts.denseFfn).toBe(2 * 200 + 20 + 10)
    expect(counts.embedding).toBe(1000 + 660 + 20)
    expect(counts.normsPerLayer).toBe(20)
    expect(counts.lmHead).toBe(100)
    expect(counts.total).toBe(1680 + 100 + 20 + 3 * (536 + 20 + 430) + 7)
  })

  it('counts a mixture of experts, and what one token passes through', () => {
    const counts = parameterCounts(
      model({
        ffn: {
          kind: 'moe',
          experts: 8,
          experts_per_token: 2,
          expert_intermediate_size: 5,
          gated: true,
          shared_intermediate_size: 6,
          router_bias: true,
          dense_layers: 1,
          dense_intermediate_size: 20,
        },
      }),
    )
    expect(counts).toMatchObject({
      denseFfn: 600,
      expert: 150,
      sharedExperts: 180,
      router: 88,
      denseLayers: 1,
      moeLayers: 2,
    })
    const shared = 2000 + 10 + 3 * 380 + 600 + 2 * (88 + 180)
    expect(counts.total).toBe(shared + 2 * 8 * 150)
    expect(counts.active).toBe(shared + 2 * 2 * 150)
  })

  it('has no plain network where every layer is a mixture', () => {
    const { denseFfn, denseLayers, moeLayers } = parameterCounts(
      model({
        ffn: {
          kind: 'moe',
          experts: 2,
          experts_per_token: 1,
          expert_intermediate_size: 5,
          gated: true,
        },
      }),
    )
    expect({ denseFfn, denseLayers, moeLayers }).toEqual({
      denseFfn: 0,
      denseLayers: 0,
      moeLayers: 3,
    })
  })

  it('counts latent attention, with and without a low-rank query', () => {
    const latent = {
      kind: 'mla',
      heads: 4,
      kv_lora_rank: 5,
      qk_nope_head_dim: 3,
      qk_rope_head_dim: 2,
      v_head_dim: 6,
    }
    const down = 10 * (5 + 2) + 5
    const up = 5 * 4 * (3 + 6)
    const out = 4 * 6 * 10
    expect(parameterCounts(model({ attention: latent })).attentionPerLayer).toBe(
      10 * 4 * 5 + down + up + out,
    )
    expect(
      parameterCounts(model({ attention: { ...latent, q_lora_rank: 7 } })).attentionPerLayer,
    ).toBe(10 * 7 + 7 + 7 * 4 * 5 + down + up + out)
  })
})

describe('parameterCountGap', () => {
  it('is there where the counts are more than 1 % of the published one apart', () => {
    const derived = 1000 + 1000 + 10 + 3 * (360 + 20 + 600)
    const gap = (published: number): unknown =>
      parameterCountGap(model({ published: { parameters: published } }))
    expect(gap(derived)).toBeUndefined()
    expect(gap(Math.ceil(derived / 1.01))).toBeUndefined()
    expect(gap(5001)).toEqual({ derived, published: 5001, relativeError: (5001 - derived) / 5001 })
    expect(gap(4800)).toMatchObject({ published: 4800 })
  })
})
