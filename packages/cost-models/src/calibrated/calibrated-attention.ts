import {
  type AttentionReach,
  type OperatorCost,
  type StepWork,
  type WindowWork,
} from '@llmsim/contracts'
import { decodeLines, decodePeak, decodeSeconds, type DecodeLines } from './decode-lines.js'
import {
  prefillCompute,
  prefillMemory,
  prefillSeconds,
  type PrefillShape,
} from './prefill-kernel.js'
import type { KernelDevice } from './kernel-device.js'
import { chosenPrefill } from './sparse-curves.js'
import type { DecodeAttentionCurve, PrefillAttentionCurve } from '@llmsim/contracts'

/** No window, as a number that stays a number when multiplied by 0 sequences. */
const UNLIMITED = Number.MAX_SAFE_INTEGER

/** Layers whose attention sees equally far, on one device. */
export interface AttentionLayers {
  readonly name: string
  readonly layers: number
  readonly windowTokens: number
  readonly windowKind: AttentionReach['kind']
  /** Its number among the windows of the cost model; -1 without one. */
  readonly window: number
  readonly heads: number
  /** Tokens of each decoding sequence in a step: rows of queries. */
  readonly verifiedTokens: number
  readonly kvHeads: number
  readonly prefillFlopPerPair: number
  readonly prefillBytesPerToken: number
  readonly decodeFlopPerHead: number
  readonly kvBytesPerToken: number
  readonly decodeRowBytes: number
  readonly prefillCurve: PrefillAttentionCurve
  readonly decodeCurve: DecodeAttentionCurve
  readonly prefillRatio: number
  readonly decodeRatio: number
  readonly device: KernelDevice
  /**
   * Prompts behind which some token sees only those that were chosen are computed in the latent, with so
   * many heads. Where nobody is beyond the window, and in other windows: as the shapes above say.
   */
  readonly chosen?: { readonly heads: number; readonly flopPerPair: number }
}

/** Attention of one kind of layers: decoding the largest of three lines, prefilling a smooth curve. */
export class CalibratedAttention {
  readonly parts: AttentionLayers
  readonly windowTokens: number
  readonly limited: boolean
  readonly lines: DecodeLines
  readonly #prefill: PrefillShape
  /** Prompts that see chosen tokens; undefined without such. */
  readonly #chosen: PrefillShape | undefined

  constructor(parts: AttentionLayers) {
    this.parts = parts
    this.windowTokens = Math.min(parts.windowTokens, UNLIMITED)
    this.limited = this.windowTokens < UNLIMITED
    const { device, kvHeads } = parts
    const { heads } = parts
    const rows = parts.verifiedTokens * heads
    const lines = decodeLines(
      parts.decodeCurve,
      device,
      {
        heads: rows,
        kvHeads,
        flopPerHead: parts.decodeFlopPerHead,
        kvBytesPerToken: parts.kvBytesPerToken,
        rowBytes: parts.decodeRowBytes,
      },
      parts.layers * parts.decodeRatio,
    )
    // A ratio below 1 must not make the memory or the matrix units faster than their datasheet.
    const { layers } = parts
    this.lines = {
      ...lines,
      memoryPerSequence: Math.max(
        lines.memoryPerSequence,
        (layers * parts.decodeRowBytes) / device.bytesPerSecond,
      ),
      memoryPerContext: Math.max(
        lines.memoryPerContext,
        (layers * parts.kvBytesPerToken) / device.bytesPerSecond,
      ),
      computePerContext: Math.max(
        lines.computePerContext,
        (layers * rows * parts.decodeFlopPerHead) / decodePeak(parts.decodeCurve, device),
      ),
    }
    this.#prefill = {
      tokens: 0,
      pairs: 0,
      heads,
      flopPerPair: parts.prefillFlopPerPair,
      bytesPerToken: parts.prefillBytesPerToken,
    }
    if (parts.chosen !== undefined) this.#chosen = { ...this.#prefill, ...parts.chosen }
  }

  /** Whether some token of the prompts sees only chosen ones; as it may where that is not known. */
  #chooses(pairs: number, seen: WindowWork | undefined): PrefillShape | undefined {
    return seen === undefined || seen.pairs < pairs ? this.#chosen : undefined
  }

  prefillSeconds(tokens: number, pairs: number, seen?: WindowWork): number {
    const { layers, prefillRatio: ratio, device } = this.parts
    const chosen = this.#chooses(pairs, seen)
    const shape = chosen ?? this.#prefill
    const curve = chosen === undefined ? this.parts.prefillCurve : chosenPrefill
    shape.tokens = tokens
    shape.pairs = seen === undefined ? Math.min(pairs, tokens * this.windowTokens) : seen.pairs
    const least = (shape.heads * shape.flopPerPair * shape.pairs) / device.flopPerSecond
    const moved = (tokens * shape.bytesPerToken) / device.bytesPerSecond
    return layers * Math.max(ratio * prefillSeconds(curve, device, shape), least, moved)
  }

  /** The operators of this attention in a step. */
  describe(work: StepWork, into: OperatorCost[]): void {
    const { name, layers, device } = this.parts
    const { prefillTokens: tokens, prefillAttention: pairs, decodes, decodeContext } = work
    const through = work.windows?.[this.parts.window]
    if (tokens > 0 || pairs > 0) {
      const seconds = this.prefillSeconds(tokens, pairs, through)
      const chosen = this.#chooses(pairs, through)
      const shape = chosen ?? this.#prefill
      const curve = chosen === undefined ? this.parts.prefillCurve : chosenPrefill
      const compute = prefillCompute(curve, device, shape)
      const memory = prefillMemory(curve, device, shape)
      into.push({
        name: `attention_prefill_${name}`,
        seconds,
        flop: layers * shape.heads * shape.flopPerPair * shape.pairs,
        bytes: layers * tokens * shape.bytesPerToken,
        sentBytes: 0,
        bound: compute > memory ? 'compute' : 'memory',
      })
    }
    if (decodes > 0 || decodeContext > 0) {
      const { heads, decodeFlopPerHead, kvBytesPerToken, decodeRowBytes } = this.parts
      const seen = through?.context ?? Math.min(decodeContext, decodes * this.windowTokens)
      const seconds = decodeSeconds(this.lines, decodes, seen, tokens > 0 || pairs > 0)
      const compute = this.lines.computeFixed + this.lines.computePerContext * seen
      into.push({
        name: `attention_decode_${name}`,
        seconds,
        flop: layers * heads * this.parts.verifiedTokens * decodeFlopPerHead * seen,
        bytes: layers * (kvBytesPerToken * seen + decodeRowBytes * decodes),
        sentBytes: 0,
        bound: compute >= seconds ? 'compute' : 'memory',
      })
    }
  }
}
