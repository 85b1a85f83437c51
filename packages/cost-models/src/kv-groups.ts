import type { AttentionReach, Model } from '@llmsim/contracts'

/**
 * Attention layers in groups of as many each, of which those with a window keep no more than it reaches. A KV block
 * holds the tokens of one group.
 */
export interface KvGroups extends AttentionReach {
  /** Layers of each group; the last of a kind may have fewer. */
  readonly layers: number
  /** Groups whose layers keep all tokens; 0: there are none. */
  readonly fullGroups: number
  readonly windowedGroups: number
}

/** Kinds of layers that differ by less than this factor are padded to one group each. */
const NEARLY_AS_MANY = 1.5

/**
 * The groups of a model's layers; undefined where no layer has a window.
 *
 * As vLLM makes them (`_get_kv_cache_groups_uniform_page_size` in `vllm/v1/core/kv_cache_utils.py`): a group
 * has as many layers as there are of the rarer kind, or of the other one where that has less than half as many
 * again; what is left over is padded to a whole group.
 *
 * @param attentionLayers layers that keep keys and values
 * @param draftLayers layers of a draft model beside them, which keep all tokens
 */
export function kvGroups(
  model: Model,
  attentionLayers: number,
  draftLayers = 0,
): KvGroups | undefined {
  if (model.attention.kind !== 'gqa' || model.attention.window === undefined) return undefined
  const { tokens, kind, layers } = model.attention.window
  const windowed = Math.min(layers, attentionLayers)
  const full = attentionLayers - windowed + draftLayers
  if (full === 0) return { tokens, kind, layers: windowed, fullGroups: 0, windowedGroups: 1 }
  const fewer = Math.min(full, windowed)
  const more = Math.max(full, windowed)
  const size = more < NEARLY_AS_MANY * fewer ? more : fewer
  return {
    tokens,
    kind,
    layers: size,
    fullGroups: Math.ceil(full / size),
    windowedGroups: Math.ceil(windowed / size),
  }
}
