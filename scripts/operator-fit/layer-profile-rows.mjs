import path from 'node:path'
import { readTable } from './measured-table.mjs'

/** Profiles of one layer of a model on one device, as LLMServingSim keeps them of vLLM. */
const sizes = {
  'meta-llama/Llama-3.1-8B': { hidden: 4096, inner: 14336, heads: 32, kvHeads: 8, dim: 128 },
}

/** Decode contexts from which on they matter, as in the other tables. */
const SHORTEST_CONTEXT = 128

function shapesOf({ hidden, inner, heads, kvHeads, dim }) {
  return {
    qkv_proj: { depth: hidden, columns: (heads + 2 * kvHeads) * dim },
    o_proj: { depth: heads * dim, columns: hidden },
    gate_up_proj: { depth: hidden, columns: 2 * inner },
    down_proj: { depth: inner, columns: hidden },
  }
}

/** Rows of products and of both kinds of attention; none without a profile. What only moves data stays in
 * the second-level cache of such a profile. */
export function layerProfileRows({ layerProfile }, folder) {
  const rows = { gemm: [], prefill_attention: [], decode_attention: [] }
  if (layerProfile === undefined) return rows
  const { hardware, model } = layerProfile
  const at = path.join(folder, 'llmservingsim/perf', hardware, model, 'bf16/tp1')
  const { heads, kvHeads, dim } = sizes[model]
  const shapes = shapesOf(sizes[model])
  for (const { layer, tokens, time_us: time } of readTable(path.join(at, 'dense.csv'))) {
    if (shapes[layer] === undefined) continue
    rows.gemm.push({
      key: `gemm bf16 ${tokens} ${layer}`,
      seconds: time / 1e6,
      shape: { rows: tokens, ...shapes[layer], weightBytes: 2, inputBytes: 2, outputBytes: 2 },
    })
  }
  for (const row of readTable(path.join(at, 'attention.csv'))) {
    const { prefill_chunk: chunk, kv_prefill: before, n_decode: decodes, kv_decode: context } = row
    const seconds = row.time_us / 1e6
    const key = `attention ${chunk} ${before} ${decodes} ${context}`
    if (chunk === 0 && context >= SHORTEST_CONTEXT)
      rows.decode_attention.push({
        key,
        seconds,
        sequences: decodes,
        context: decodes * context,
        shape: {
          heads,
          kvHeads,
          flopPerHead: 4 * dim,
          kvBytesPerToken: 2 * kvHeads * dim * 2,
          rowBytes: 2 * 2 * heads * dim,
        },
      })
    if (decodes === 0 && chunk > 1)
      rows.prefill_attention.push({
        key,
        seconds,
        shape: {
          tokens: chunk,
          pairs: chunk * (before + (chunk + 1) / 2),
          heads,
          flopPerPair: 4 * dim,
          bytesPerToken: 2 * 2 * heads * dim + 2 * 2 * kvHeads * dim * 2,
        },
      })
  }
  return rows
}
