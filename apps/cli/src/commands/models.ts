import { parameterCounts, type Model } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { figure } from '../output/figures.js'
import { textTable } from '../output/text-table.js'
import { findModel } from '../scenario/catalog-entries.js'
import { sourceLines } from '../output/source-lines.js'
import { list, type Listing, type ListOptions } from './listing.js'

/** Lists the models, or shows one: by name, or that of a file. */
export async function models(
  name: string | undefined,
  options: ListOptions,
  io: Io,
): Promise<void> {
  await list(architectures, name, options, io)
}

const architectures: Listing<Model> = {
  find: (name, registries, folders) => findModel(name, 'NAME', registries, folders).entry,
  entries: (registries) => registries.models.entries(),
  describe: describeModel,
  header: ['MODEL', 'PARAMS', 'LAYERS', 'HIDDEN', 'ATTENTION', 'FFN', 'CONTEXT'],
  row: (model) => [
    model.name,
    billions(model.published.parameters),
    String(model.layers),
    String(model.hidden_size),
    attentionWords(model),
    ffnWords(model),
    figure(model.max_context),
  ],
}

function billions(parameters: number): string {
  return `${figure(parameters / 1e9)}B`
}

function attentionWords({ attention }: Model): string {
  if (attention.kind === 'mla') return `MLA ${attention.heads}`
  const varies = attention.total_kv_heads === undefined ? '' : '1-'
  return `${attention.heads}/${varies}${attention.kv_heads}`
}

function ffnWords({ ffn }: Model): string {
  return ffn.kind === 'dense' ? 'dense' : `${ffn.experts_per_token} of ${ffn.experts}`
}

function describeModel(model: Model): string {
  const { attention, ffn } = model
  const counts = parameterCounts(model)
  const window = attention.kind === 'gqa' ? attention.window : undefined
  const rows = [
    ['family', model.family],
    ...(model.publisher === undefined ? [] : [['publisher', model.publisher]]),
    ...(model.aliases.length === 0 ? [] : [['also known as', model.aliases.join(', ')]]),
    [
      'parameters',
      `${billions(model.published.parameters)} published, ${billions(counts.total)} derived, ${billions(counts.active)} active`,
    ],
    ['layers', String(model.layers)],
    ['hidden size', String(model.hidden_size)],
    [
      'attention',
      attention.kind === 'mla'
        ? `MLA, ${attention.heads} heads, KV rank ${attention.kv_lora_rank}`
        : `${attention.heads} heads, ${attention.kv_heads} KV heads of ${attention.head_dim}`,
    ],
    ...(window === undefined
      ? []
      : [['window', `${window.tokens} tokens (${window.kind}) in ${window.layers} layers`]]),
    [
      'feed-forward',
      ffn.kind === 'dense'
        ? `${ffn.intermediate_size} wide${ffn.gated ? ', gated' : ''}`
        : `${ffn.experts_per_token} of ${ffn.experts} experts, each ${ffn.expert_intermediate_size} wide, shared ${ffn.shared_intermediate_size}, ${ffn.dense_layers} plain layers`,
    ],
    ['vocabulary', `${model.vocab_size}${model.tied_embeddings ? ', tied' : ''}`],
    ['context', `${model.max_context} tokens`],
    ['published in', model.dtype],
  ]
  return `${model.name}\n\n${textTable(rows, { align: 'left' })}\n\n${sourceLines(model.sources)}`
}
