import type { CostModel } from '@llmsim/contracts'

/** An eighth of a second for each prompt token, half a second for a decode step: exact in binary. */
export const eighths: CostModel = {
  name: 'eighths',
  step(work, into) {
    into.seconds = work.prefillTokens * 0.125 + (work.decodes > 0 ? 0.5 : 0)
    into.growth = 0
    into.horizon = Infinity
  },
  breakdown: () => [],
}
