import type { CostModel, StepWork } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import { draftedSteps, tokensPerStep } from './drafted-steps.js'

/** 10 s, 1 s a token, 0.1 s a token of context that a sequence decodes behind, 2 s for prompts. */
const linear = (prompts: number): CostModel => ({
  name: 'linear',
  step({ prefillTokens, decodes, decodeContext }, into) {
    into.seconds = 10 + prefillTokens + decodes + 0.1 * decodeContext
    if (prefillTokens > 0) into.seconds += prompts
    into.growth = 0.1 * decodes
    into.horizon = 7
  },
  breakdown: () => [],
})
const work = (decodes: number, prefillTokens = 0): StepWork => ({
  prefillTokens,
  prefillAttention: (prefillTokens * (prefillTokens + 1)) / 2,
  decodes,
  decodeContext: decodes * 100,
  logits: decodes,
})
const drafted = draftedSteps(
  { steps: linear(2), captured: linear(0), layers: 61 },
  { tokens: 3, acceptance: 0.5 },
)
function cost(of: StepWork) {
  const into = { seconds: 0, growth: 0, horizon: 0 }
  drafted.step(of, into)
  return into
}

it('gains a token for each draft that is accepted behind accepted ones', () => {
  expect(tokensPerStep({ tokens: 3, acceptance: 0.5 })).toBe(1.875)
  expect(tokensPerStep({ tokens: 0, acceptance: 0.5 })).toBe(1)
})

it('charges a token its share of a step that verifies drafts, and keeps to its line', () => {
  // 4 sequences: 54 s as they are, 12 more tokens to verify, and three of 61 layers of 14.4 s to draft.
  const seconds = (54 + 12 + (3 * 14.4) / 61) / 1.875
  expect(cost(work(4))).toEqual({ seconds, growth: 0.4 / 1.875, horizon: 7 })
  const later = cost({ ...work(4), decodeContext: 404 })
  expect(later.seconds).toBeCloseTo(seconds + 0.4 / 1.875, 12)
})

it('leaves the prompts of a step as they are', () => {
  const prompts = cost(work(0, 50))
  expect(prompts.seconds).toBe(62)
  expect(cost(work(4, 50)).seconds).toBeCloseTo(cost(work(4)).seconds + 52, 12)
})
