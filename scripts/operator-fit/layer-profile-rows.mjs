import path from 'node:path'
import { quantile } from './curve-fit.mjs'
import { readTable } from './measured-table.mjs'

/** Profiles of one layer of a model on one device, as LLMServingSim keeps them of vLLM. */
const sizes = {
  'meta-llama/Llama-3.1-8B': { hidden: 4096, inner: 14336, heads: 32, kvHeads: 8, dim: 128 },
  'Qwen/Qwen3-30B-A3B-Instruct-2507': { hidden: 2048, heads: 32, kvHeads: 4, dim: 128 },
  'Qwen/Qwen3-32B': { hidden: 5120, inner: 25600, heads: 64, kvHeads: 8, dim: 128 },
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

/**
 * Rows of products and of both kinds of attention; none without a profile. Keys and
 * values do not stay in the second-level cache of such a profile, as a whole layer runs between two reads.
 */
export function layerProfileRows({ layerProfile, decodeProfiles }, folder) {
  const rows = { gemm: [], prefill_attention: [], decode_attention: [] }
  if (layerProfile !== undefined) {
    const at = profileOf(folder, layerProfile)
    rows.gemm.push(...productRows(at, layerProfile.model))
    rows.prefill_attention.push(...attentionRows(at, layerProfile.model).prefill)
    rows.decode_attention.push(...attentionRows(at, layerProfile.model).decode)
  }
  for (const profile of decodeProfiles ?? [])
    rows.decode_attention.push(...attentionRows(profileOf(folder, profile), profile.model).decode)
  return rows
}

const profileOf = (folder, { hardware, model }) =>
  path.join(folder, 'llmservingsim/perf', hardware, model, 'bf16/tp1')

function productRows(at, model) {
  const shapes = shapesOf(sizes[model])
  return readTable(path.join(at, 'dense.csv'))
    .filter(({ layer }) => shapes[layer] !== undefined)
    .map(({ layer, tokens, time_us: time }) => ({
      key: `gemm bf16 ${tokens} ${layer}`,
      seconds: time / 1e6,
      shape: { rows: tokens, ...shapes[layer], weightBytes: 2, inputBytes: 2, outputBytes: 2 },
    }))
}

function attentionRows(at, model) {
  const { heads, kvHeads, dim } = sizes[model]
  const rows = { prefill: [], decode: [] }
  for (const row of readTable(path.join(at, 'attention.csv'))) {
    const { prefill_chunk: chunk, kv_prefill: before, n_decode: decodes, kv_decode: context } = row
    const seconds = row.time_us / 1e6
    const key = `attention ${model} ${chunk} ${before} ${decodes} ${context}`
    if (chunk === 0 && context >= SHORTEST_CONTEXT)
      rows.decode.push({
        key,
        seconds,
        inPlace: true,
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
      rows.prefill.push({
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

/** Decoding sequences from which on they fill the device. */
const FILLING = 32

/**
 * At how many times the memory's bandwidth query heads read keys and values each for themselves, in steps that
 * hold prompts as well: the median over profiled steps of what decoding adds to the prompt alone. Undefined
 * without a profile.
 */
export function unpackedRatio({ layerProfile, decodeProfiles }, folder, bytesPerSecond) {
  const profiles = [
    ...(layerProfile === undefined ? [] : [layerProfile]),
    ...(decodeProfiles ?? []),
  ]
  const ratios = profiles.flatMap((profile) => {
    const { heads, dim } = sizes[profile.model]
    const table = readTable(path.join(profileOf(folder, profile), 'attention.csv'))
    const alone = new Map(
      table
        .filter((row) => row.n_decode === 0)
        .map((row) => [`${row.prefill_chunk} ${row.kv_prefill}`, row.time_us]),
    )
    return table
      .filter((row) => row.prefill_chunk > 0 && row.n_decode >= FILLING && row.kv_decode >= 512)
      .flatMap((row) => {
        const prompt = alone.get(`${row.prefill_chunk} ${row.kv_prefill}`)
        if (prompt === undefined || prompt > row.time_us / 2) return []
        const bytes = heads * 2 * dim * 2 * row.n_decode * row.kv_decode
        return [bytes / ((row.time_us - prompt) / 1e6) / bytesPerSecond]
      })
  })
  return ratios.length === 0 ? undefined : Number(quantile(ratios, 0.5).toPrecision(3))
}

/**
 * Kernels that only move data, by the bytes that they read and write. What the kernel before wrote is in the
 * second-level cache where that holds it, in serving as in the profile, so that they may reach the bandwidth.
 */
export function layerMoverRows({ layerProfile }, folder) {
  if (layerProfile === undefined) return []
  const { hidden, inner } = sizes[layerProfile.model]
  const elements = { layernorm: 4 * hidden, act_fn: 3 * inner }
  return readTable(path.join(profileOf(folder, layerProfile), 'dense.csv'))
    .filter(({ layer }) => elements[layer] !== undefined)
    .map(({ layer, tokens, time_us: time }) => ({
      key: `${layer} ${tokens}`,
      seconds: time / 1e6,
      bytes: 2 * elements[layer] * tokens,
    }))
}
