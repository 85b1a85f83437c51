import type { Model } from '@llmsim/contracts'
import type { z } from 'zod'
import type { ConfigReader } from './config-reader.js'

/** What a family's `config.json` says of the architecture, as a catalog entry writes it. */
export type Architecture = Omit<
  z.input<typeof Model>,
  '$schema' | 'name' | 'aliases' | 'family' | 'publisher' | 'published' | 'sources' | 'dtype'
>

export type Attention = Architecture['attention']
type Grouped = Extract<Attention, { kind: 'gqa' }>

/** Reads one family's configuration. */
export type FamilyReader = (config: ConfigReader) => Architecture

/** Depth, width, vocabulary and context under the names that most families use. */
export function sizes(
  config: ConfigReader,
): Pick<Architecture, 'layers' | 'hidden_size' | 'vocab_size' | 'max_context'> {
  return {
    layers: config.count(['num_hidden_layers', 'n_layer']),
    hidden_size: config.count(['hidden_size', 'n_embd', 'n_embed']),
    vocab_size: config.count('vocab_size'),
    max_context: config.count(
      ['max_position_embeddings', 'n_positions', 'seq_length', 'max_seq_len'],
      2048,
    ),
  }
}

/**
 * Grouped-query attention under the names that most families use. Throws `SimulatorError` where the heads do not
 * divide the width, or the key/value heads the heads.
 */
export function grouped(config: ConfigReader, more: Partial<Grouped> = {}): Grouped {
  const heads = config.count(['num_attention_heads', 'n_head'])
  const hidden = config.count(['hidden_size', 'n_embd', 'n_embed'])
  if (!config.has('head_dim') && more.head_dim === undefined && hidden % heads !== 0)
    throw config.refusal(
      config.has('num_attention_heads') ? 'num_attention_heads' : 'n_head',
      `does not divide a width of ${hidden}, and no head_dim is given`,
      heads,
      `a divisor of ${hidden}, or a head_dim`,
    )
  const attention: Grouped = {
    kind: 'gqa',
    heads,
    kv_heads: config.count('num_key_value_heads', heads),
    head_dim: config.count('head_dim', Math.max(1, Math.floor(hidden / heads))),
    ...more,
  }
  if (attention.heads % attention.kv_heads !== 0)
    throw config.refusal(
      ['num_key_value_heads', 'num_kv_heads', 'n_head_kv'].find((name) => config.has(name)) ??
        'num_key_value_heads',
      `does not divide the ${attention.heads} attention heads into groups`,
      attention.kv_heads,
      `a divisor of ${attention.heads}`,
    )
  return attention
}

/** A sliding window on `layers` layers, if the configuration has one at all. */
export function slidingWindow(config: ConfigReader, layers: number): Pick<Grouped, 'window'> {
  if (!config.has('sliding_window') || layers <= 0) return {}
  return { window: { tokens: config.count('sliding_window'), layers } }
}

/** Layers that `layer_types` calls windowed, or else the stand-in. */
export function windowedLayers(config: ConfigReader, standIn: number): number {
  const types = config.list('layer_types')
  if (types === undefined) return standIn
  return types.filter((type) => type === 'sliding_attention' || type === 'chunked_attention').length
}

export function gated(config: ConfigReader, bias = false): Architecture['ffn'] {
  return { kind: 'dense', intermediate_size: config.count('intermediate_size'), gated: true, bias }
}

/** Two matrices with biases, four times as wide as the model unless stated. */
export function plain(config: ConfigReader, inner: string, bias = true): Architecture['ffn'] {
  const hidden = config.count(['hidden_size', 'n_embd', 'n_embed'])
  return { kind: 'dense', intermediate_size: config.count(inner, 4 * hidden), gated: false, bias }
}

export function tied(config: ConfigReader, standIn: boolean): boolean {
  return config.flag('tie_word_embeddings', standIn)
}
