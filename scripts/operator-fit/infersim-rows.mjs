import { existsSync } from 'node:fs'
import path from 'node:path'
import { filesBelow, readTable } from './measured-table.mjs'
import { latent, latentShape } from './kernel-rows.mjs'

/**
 * Kernels that InferSim timed alone (DeepGEMM, FlashAttention-3, FlashMLA): products in fp8, without the pass that
 * quantises their inputs, and decode attention. None without such tables.
 */
export function infersimRows({ infersim }, folder) {
  const rows = { fp8_gemm: [], decode_attention: [], latent_decode_attention: [] }
  if (infersim === undefined) return rows
  const at = path.join(folder, 'infersim/bench_data')
  for (const { m, k, n, latency_us: time } of tableOf(at, `gemm/${infersim}/data.csv`))
    rows.fp8_gemm.push({
      key: `gemm fp8 ${m} ${n} ${k}`,
      seconds: time / 1e6,
      shape: { rows: m, columns: n, depth: k, weightBytes: 1, inputBytes: 1, outputBytes: 2 },
    })
  for (const file of filesBelow(path.join(at, 'mha/decode', infersim), '.csv')) {
    const [heads, kvHeads, dim] = path.basename(file, '.csv').split('-').map(Number)
    rows.decode_attention.push(
      ...decodeRows(file, {
        heads,
        kvHeads,
        flopPerHead: 4 * dim,
        kvBytesPerToken: 2 * kvHeads * dim * 2,
        rowBytes: 2 * 2 * heads * dim,
      }),
    )
  }
  for (const file of filesBelow(path.join(at, 'mla/decode', infersim), '.csv')) {
    const [heads, rank, rope] = path.basename(file, '.csv').split('-').map(Number)
    if (rank !== latent.rank || rope !== latent.rope) continue
    rows.latent_decode_attention.push(...decodeRows(file, latentShape(heads, 'bf16')))
  }
  return rows
}

const tableOf = (at, file) =>
  existsSync(path.join(at, file)) ? readTable(path.join(at, file)) : []

function decodeRows(file, shape) {
  const kind = path.basename(file, '.csv')
  return readTable(file)
    .filter((row) => row.kv_dtype === 'bf16')
    .map(({ batch_size: sequences, kv_len: length, latency_us: time }) => ({
      key: `decode ${kind} ${sequences} ${length}`,
      seconds: time / 1e6,
      sequences,
      context: sequences * length,
      shape,
    }))
}
