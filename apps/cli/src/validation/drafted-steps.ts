import type { CostModel, OperatorCost, StepCost, StepWork } from '@llmsim/contracts'

/** Speculative decoding as a recipe sets it. */
export interface Drafts {
  /** Tokens that the model's own prediction layers draft in a step. */
  readonly tokens: number
  /** Share of drafted tokens that verification accepts, each behind the one before. */
  readonly acceptance: number
}

/**
 * Share of the drafts of a model's own prediction layer that chat prompts of random words accept: found on
 * half of the rows of DeepSeek-R1 (0.6 to 0.9 is published for its first draft).
 */
export const ACCEPTANCE = 0.65

/** Tokens that a sequence gains in a step on average: `1 + a + a^2 + …`. */
export function tokensPerStep({ tokens, acceptance }: Drafts): number {
  let gained = 1
  let accepted = 1
  for (let draft = 0; draft < tokens; draft++) gained += accepted *= acceptance
  return gained
}

/** The two cost models of a replica that drafts. */
export interface DraftedCosts {
  readonly steps: CostModel
  /** Adds nothing for launching prompts: what more tokens take in one captured step. */
  readonly captured: CostModel
  readonly layers: number
}

/**
 * Decoding with drafts, on average: a simulated step makes one token per sequence, and takes the share of a
 * real step that falls to one of those that it makes. A real step passes the drafts through all layers
 * beside the last token, and its prediction layers once for each draft.
 *
 * It is for comparisons with published means: tokens come evenly, not in bursts.
 */
export function draftedSteps({ steps, captured, layers }: DraftedCosts, drafts: Drafts): CostModel {
  const gained = tokensPerStep(drafts)
  const extra: number[] = []
  const decoding: StepWork = {
    prefillTokens: 0,
    prefillAttention: 0,
    decodes: 0,
    decodeContext: 0,
    logits: 0,
  }
  const cost: StepCost = { seconds: 0, growth: 0, horizon: 0 }
  const secondsOf = (model: CostModel, work: StepWork): number => {
    model.step(work, cost)
    return cost.seconds
  }
  /** What verifying drafts adds to a step of so many sequences. */
  const extraOf = (decodes: number): number => {
    const known = extra[decodes]
    if (known !== undefined) return known
    const plain = { ...decoding, decodes, decodeContext: decodes, logits: decodes }
    const verified = {
      ...plain,
      prefillTokens: drafts.tokens * decodes,
      logits: (drafts.tokens + 1) * decodes,
    }
    const attention = captured
      .breakdown(verified)
      .filter(({ name }) => name.startsWith('attention_prefill'))
      .reduce((sum, { seconds }) => sum + seconds, 0)
    const alone = secondsOf(captured, plain)
    const added = secondsOf(captured, verified) - attention - alone
    const found = Math.max(0, added) + (drafts.tokens * alone) / layers
    extra[decodes] = found
    return found
  }
  return {
    name: steps.name,
    ...(steps.windows === undefined ? {} : { windows: steps.windows }),
    step(work, into) {
      steps.step(work, into)
      const { decodes, decodeContext } = work
      if (decodes === 0) return
      if (work.prefillTokens > 0 || work.prefillAttention > 0) {
        const alone = secondsOf(steps, { ...decoding, decodes, decodeContext, logits: decodes })
        into.seconds += (alone + extraOf(decodes)) / gained - alone
        return
      }
      into.seconds = (into.seconds + extraOf(decodes)) / gained
      into.growth /= gained
    },
    breakdown(work): OperatorCost[] {
      return steps.breakdown(work)
    },
  }
}
