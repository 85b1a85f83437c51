import type { DecodeAttentionCurve, PrefillAttentionCurve } from '@llmsim/contracts'

/*
 * Shares of the peak and of the bandwidth: InferSim's timings of DeepGEMM's `fp8_mqa_logits` and FlashMLA's sparse
 * kernels on an H800 (https://github.com/alibaba/InferSim, `bench_data/dsa`), whose datasheet is an H100's.
 */

/** Scores of a prompt: 59 % of the 8-bit peak from 8192 tokens on. */
export const scorePrefill: PrefillAttentionCurve = {
  compute_fraction: 0.59,
  memory_fraction: 0.84,
  latency_s: 6e-6,
  extra_pairs_per_token: 0,
  softmax_flop_per_pair: 0,
  half_flop: 0,
}

/** Scores of decoding sequences: 84 % of the bandwidth, after 6 us. */
export const scoreDecode: DecodeAttentionCurve = {
  memory_fraction: 0.84,
  compute_fraction: 0.59,
  floor_s: 6e-6,
  latency_s: 6e-6,
  sequence_head_s: 0,
  tile_rows: 1,
}

/** Attention of a prompt to chosen tokens: 64 % of the 16-bit peak. */
export const chosenPrefill: PrefillAttentionCurve = {
  compute_fraction: 0.64,
  memory_fraction: 0.84,
  latency_s: 2e-5,
  extra_pairs_per_token: 0,
  softmax_flop_per_pair: 0,
  half_flop: 0,
}
