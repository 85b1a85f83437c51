import type { StepWork } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { calibratedCostModel } from '../calibrated.js'
import { deepseekV3, h100, layout, sparseModel } from '../test/fixtures.js'

const onNode = { tensorParallel: 8, weightFormat: 'fp8', activationFormat: 'fp8' } as const
const sparse = calibratedCostModel.create({ ...layout(sparseModel, h100, onNode), extra: {} })
const dense = calibratedCostModel.create({ ...layout(deepseekV3, h100, onNode), extra: {} })

const decoding = (sequences: number, context: number): StepWork => ({
  prefillTokens: 0,
  prefillAttention: 0,
  decodes: sequences,
  decodeContext: sequences * context,
  logits: sequences,
})

function secondsOf(work: StepWork, name: string): number {
  return sparse.breakdown(work).find((operator) => operator.name === name)?.seconds ?? NaN
}

function step(model: typeof sparse, work: StepWork): number {
  const into = { seconds: 0, growth: 0, horizon: 0 }
  model.step(work, into)
  return into.seconds
}

describe('sparse attention', () => {
  it('reads the chosen tokens of a long context, and scores all of them', () => {
    const attention = (context: number): number =>
      secondsOf(decoding(64, context), 'attention_decode_sparse')
    expect(attention(2048)).toBeGreaterThan(attention(512))
    expect(attention(65_536)).toBe(attention(2048))
    const scores = (context: number): number =>
      secondsOf(decoding(64, context), 'attention_decode_indexer')
    // 64 contexts of 65,536 keys of 132 bytes, and 8 bytes a score, at 84 % of 3.35 TB/s, in 61 layers.
    const read = (61 * 64 * 65_536 * 140) / (0.84 * 3.35e12)
    expect(scores(65_536) / read).toBeCloseTo(1, 1)
    expect(step(sparse, decoding(64, 65_536))).toBeLessThan(step(dense, decoding(64, 65_536)))
    expect(step(sparse, decoding(64, 256))).toBeGreaterThan(step(dense, decoding(64, 256)))
  })

  it('computes prompts in the latent once a token sees chosen ones only, in tiles of 64 heads', () => {
    const prompt = (tokens: number, seen: number): StepWork => ({
      ...decoding(0, 0),
      prefillTokens: tokens,
      prefillAttention: (tokens * (tokens + 1)) / 2,
      logits: 1,
      windows: [{ context: 0, growing: 0, steps: Infinity, pairs: seen }],
    })
    const all = (2048 * 2049) / 2
    const name = 'attention_prefill_sparse'
    const short = secondsOf(prompt(2048, all), name)
    const long = secondsOf(prompt(4096, all + 2048 * 2048), name)
    const flop = 61 * (all + 2048 * 2048) * 64 * 2 * (2 * 512 + 64)
    expect(long / (flop / (0.64 * 989.4e12))).toBeCloseTo(1, 0)
    expect(long).toBeGreaterThan(8 * short)
  })
})
