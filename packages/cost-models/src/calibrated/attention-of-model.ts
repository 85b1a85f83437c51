import { bytesPerElement } from '@llmsim/contracts'
import { unquantisedFormat } from '../compute-format.js'
import { CalibratedAttention, type AttentionLayers } from './calibrated-attention.js'
import { passes, type CalibratedInputs } from './calibrated-inputs.js'
import { curveOf } from './curve-choice.js'
import { sparseAttention } from './sparse-attention.js'

/** Attention per device: of the layers that see everything, and of those with a window. */
export function calibratedAttention(inputs: CalibratedInputs): CalibratedAttention[] {
  const { layout, shapes, device } = inputs
  const { attention } = layout.model
  const { attentionLayers: layers } = shapes
  const { heads } = shapes
  const { kernels } = device.calibration
  const residual = unquantisedFormat(layout.activationFormat)
  const width = device.residualBytes
  const latent = attention.kind === 'mla'
  const kvBytesPerToken = shapes.kvElements * bytesPerElement[layout.kvCacheFormat]
  const prefillCurve =
    (latent ? curveOf(kernels.latent_prefill_attention, layout.kvCacheFormat) : undefined) ??
    curveOf(kernels.prefill_attention, layout.kvCacheFormat)
  const decodeCurve =
    (latent ? curveOf(kernels.latent_decode_attention, layout.kvCacheFormat) : undefined) ??
    curveOf(kernels.decode_attention, layout.kvCacheFormat)
  if (prefillCurve === undefined || decodeCurve === undefined)
    throw new Error('a calibration holds curves of prefill and decode attention')
  const verified = layout.verifiedTokens ?? 1
  const shared = {
    heads,
    verifiedTokens: verified,
    kvBytesPerToken,
    prefillCurve,
    decodeCurve,
    prefillRatio: device.ratio(latent ? 'latent_prefill_attention' : 'prefill_attention'),
    decodeRatio: device.ratio(latent ? 'latent_decode_attention' : 'decode_attention'),
    device: device.device(residual, residual),
  }
  if (attention.kind === 'mla') {
    const { kv_lora_rank: rank, qk_rope_head_dim: rope, v_head_dim: v } = attention
    const qk = attention.qk_nope_head_dim + rope
    // Prefill expands keys and values per head; decode attends in the latent (arXiv:2405.04434, 2.1).
    const full: AttentionLayers = {
      ...shared,
      name: 'full',
      layers: passes(inputs, layers),
      windowTokens: Infinity,
      windowKind: 'sliding',
      window: -1,
      kvHeads: 1,
      prefillFlopPerPair: 2 * (qk + v),
      prefillBytesPerToken: width * heads * (2 * qk + 2 * v),
      decodeFlopPerHead: 2 * (2 * rank + rope),
      decodeRowBytes: verified * width * heads * (2 * rank + rope),
    }
    return attention.indexer === undefined
      ? [new CalibratedAttention(full)]
      : sparseAttention(inputs, full, attention, attention.indexer)
  }
  const { head_dim: dim, window } = attention
  const windowed = Math.min(window?.layers ?? 0, layers)
  const grouped = {
    ...shared,
    kvHeads: shapes.kvElements / (2 * dim),
    prefillFlopPerPair: 4 * dim,
    prefillBytesPerToken: width * 2 * heads * dim + 2 * kvBytesPerToken,
    decodeFlopPerHead: 4 * dim,
    decodeRowBytes: verified * width * 2 * heads * dim,
  }
  const parts: CalibratedAttention[] = []
  const add = (name: string, count: number, windowTokens: number): void => {
    if (count > 0)
      parts.push(
        new CalibratedAttention({
          ...grouped,
          name,
          layers: passes(inputs, count),
          windowTokens,
          windowKind: window?.kind ?? 'sliding',
          window: windowTokens === Infinity ? -1 : 0,
        }),
      )
  }
  add('full', layers - windowed, Infinity)
  add('windowed', windowed, window?.tokens ?? Infinity)
  return parts
}
