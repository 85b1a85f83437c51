import path from 'node:path'
import { layerMoverRows } from './layer-profile-rows.mjs'
import { filesBelow, readTable } from './measured-table.mjs'

const share = (start) => ({ kind: 'share', start, least: 0.05, most: 0.995 })
const size = (start) => ({ kind: 'size', start, least: 1e-7, most: 1e-4 })

/** Elements that each operator of a profile reads and writes per token, as 16-bit numbers. */
const moved = {
  input_layernorm: (row) => 2 * row.n_embd,
  post_attention_layernorm: (row) => 2 * row.n_embd,
}

/** Kernels that only move data, from profiles of whole layers: Vidur's, or LLMServingSim's. */
export const elementwise = {
  /** Where no profile is known: what the profiled devices of two generations lie around. */
  usual: { memory_fraction: 0.75, latency_s: 2e-6 },
  parameters: () => ({ memory_fraction: share(0.7), latency_s: size(2e-6) }),
  rows: (entry, folder) => {
    const { profile } = entry
    if (profile === undefined) return layerMoverRows(entry, folder)
    const rows = []
    for (const file of filesBelow(path.join(folder, 'vidur/compute', profile), 'mlp.csv'))
      for (const row of readTable(file))
        for (const [name, width] of Object.entries(moved)) {
          const milliseconds = row[`time_stats.${name}.median`]
          if (milliseconds > 0)
            rows.push({
              key: `${name} ${row.n_embd} ${row.num_tokens}`,
              seconds: milliseconds / 1e3,
              bytes: 2 * width(row) * row.num_tokens,
            })
        }
    return rows
  },
  predict: (device) => (curve, row) =>
    curve.latency_s + row.bytes / (device.bytesPerSecond * curve.memory_fraction),
}
