import type { Accelerator, Calibration, EngineProfile } from '@llmsim/contracts'
import { efficiencyDefaults } from '../efficiency-defaults.js'

const source = {
  url: 'https://github.com/ai-dynamo/aiconfigurator',
  title: 'Round figures of the vendor and generation, as the roofline uses them',
  license: 'Apache-2.0',
  method: 'not measured: the defaults of efficiencyDefaults written as curves',
}

/** Curves of an accelerator that nobody measured: the roofline's round shares of its datasheet. */
export function datasheetCalibration(accelerator: Accelerator): Calibration {
  const usual = efficiencyDefaults(accelerator)
  const latency = usual.kernelRampSeconds
  const matrix = {
    compute_fraction: usual.computeEfficiency,
    memory_fraction: usual.memoryEfficiency,
    latency_s: latency,
    ramp_depth: 128,
    depth_s: 0,
    pass_bytes_per_input: 0,
    tail_bytes_per_output: 0,
  }
  const eight = { ...matrix, compute_fraction: usual.computeEfficiency * usual.eightBitEfficiency }
  const four = { ...matrix, compute_fraction: usual.computeEfficiency * usual.fourBitEfficiency }
  const grouped = (curve: typeof matrix) => ({
    compute_fraction: curve.compute_fraction * usual.expertEfficiency,
    memory_fraction: curve.memory_fraction * usual.expertEfficiency,
    latency_s: 4 * latency,
    padding_rows: 16,
    pass_bytes_per_input: 2,
  })
  const prefill = {
    compute_fraction: usual.prefillAttentionEfficiency,
    memory_fraction: usual.memoryEfficiency,
    latency_s: 2 * latency,
    extra_pairs_per_token: 128,
    softmax_flop_per_pair: 0,
    half_flop: 1e8,
  }
  const decode = {
    memory_fraction: usual.decodeAttentionEfficiency,
    compute_fraction: usual.prefillAttentionEfficiency,
    floor_s: 2 * latency,
    latency_s: 2 * latency,
    sequence_head_s: 0,
    tile_rows: 16,
  }
  const collective = [
    {
      latency_s: usual.collectiveOverheadSeconds + accelerator.scale_up.latency_s,
      rank_latency_s: accelerator.scale_up.latency_s,
      bandwidth_fraction: usual.communicationEfficiency,
      contention_per_rank: 0,
    },
  ]
  return {
    name: accelerator.name,
    aliases: [],
    version: 1,
    date: '2026-11-25',
    compute_units: 128,
    kernels: {
      gemm: { bf16: matrix, fp8: eight, fp4: four },
      expert_gemm: { bf16: grouped(matrix), fp8: grouped(eight), fp4: grouped(four) },
      prefill_attention: { bf16: prefill },
      decode_attention: { bf16: decode },
      latent_prefill_attention: { bf16: prefill },
      latent_decode_attention: { bf16: decode },
      elementwise: { memory_fraction: usual.memoryEfficiency, latency_s: latency },
    },
    interconnect: {
      all_reduce: collective,
      all_gather: collective,
      reduce_scatter: collective,
      all_to_all: collective,
      expert_all_to_all: [],
      send: collective,
    },
    fits: [],
    sources: [source],
  }
}

/** What an engine adds when no profile is given: round figures of a Python engine with graphs. */
export const usualEngineProfile: EngineProfile = {
  name: 'usual',
  aliases: [],
  description: 'Round figures of a Python engine that decodes from captured graphs.',
  version: 1,
  step_s: { decode: 0.5e-3, prefill: 2e-3 },
  layer_s: { decode: 2e-6, prefill: 2e-6 },
  rank_s: 50e-6,
  sequence_s: 5e-6,
  token_s: 0,
  request_s: 5e-3,
  elementwise_kernels_per_layer: 4,
  fused_quantisation: 0.5,
  kernel_time_ratio: {},
  sources: [{ url: 'https://docs.vllm.ai/en/stable/', estimated: true }],
}
