import { bytesPerElement, parameterCounts } from '@llmsim/contracts'

/**
 * The estimate on the back of a napkin: a step reads all weights, or computes two FLOP per active
 * weight and token, whichever takes longer; then each decoding sequence reads its KV cache. Datasheet
 * peaks, no overheads, no communication.
 *
 * @type {import('@llmsim/contracts').CostModelFactory}
 */
export const napkin = {
  name: 'napkin',
  description: 'Weights at the bandwidth or FLOP at the peak, plus the KV cache; no overheads.',
  create({ model, accelerator, tensorParallel, weightFormat, kvCacheFormat }) {
    const { total, active } = parameterCounts(model)
    // Stages work one after another on one step, so that only TP makes it faster.
    const bandwidth = tensorParallel * accelerator.memory_bandwidth_bytes_per_s
    const peaks = accelerator.peak_flop_per_s
    const peak = tensorParallel * (peaks.bf16 ?? peaks.fp16 ?? Math.max(...Object.values(peaks)))
    const weightSeconds = (total * bytesPerElement[weightFormat]) / bandwidth
    const tokenSeconds = (2 * active) / peak
    const contextSeconds = (kvElements(model) * bytesPerElement[kvCacheFormat]) / bandwidth

    /** @param {import('@llmsim/contracts').StepWork} work */
    const weights = ({ prefillTokens, decodes }) =>
      Math.max(weightSeconds, tokenSeconds * (prefillTokens + decodes))

    return {
      name: 'napkin',
      step(work, into) {
        into.seconds = weights(work) + contextSeconds * work.decodeContext
        // The next step reads one token more of each sequence: a line without an end.
        into.growth = work.prefillTokens > 0 ? 0 : contextSeconds * work.decodes
        into.horizon = work.prefillTokens > 0 ? 1 : Infinity
      },
      breakdown(work) {
        const seconds = weights(work)
        const tokens = work.prefillTokens + work.decodes
        return [
          {
            name: 'weights',
            seconds,
            flop: (2 * active * tokens) / tensorParallel,
            bytes: (total * bytesPerElement[weightFormat]) / tensorParallel,
            sentBytes: 0,
            bound: seconds > weightSeconds ? 'compute' : 'memory',
          },
          {
            name: 'kv_cache',
            seconds: contextSeconds * work.decodeContext,
            flop: 0,
            bytes: (contextSeconds * work.decodeContext * bandwidth) / tensorParallel,
            sentBytes: 0,
            bound: 'memory',
          },
        ]
      },
    }
  },
}

/**
 * Elements of one token's keys and values in all layers.
 *
 * @param {import('@llmsim/contracts').Model} model
 */
function kvElements({ layers, attention }) {
  return attention.kind === 'mla'
    ? layers * (attention.kv_lora_rank + attention.qk_rope_head_dim)
    : layers * 2 * attention.kv_heads * attention.head_dim
}
