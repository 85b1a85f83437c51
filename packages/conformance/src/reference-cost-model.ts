import type { CostModel, StepCost, StepWork } from '@llmsim/contracts'

/**
 * A cost model in one line of arithmetic, with a kink: decoding costs a fixed time until the contexts
 * together pass `kinkTokens`, and grows from there. It stands in where a suite needs some cost.
 */
export function referenceCostModel(kinkTokens = 2000): CostModel {
  const fixed = 0.004_1
  const perPrefillToken = 0.000_031
  const perPair = 2.3e-9
  const perDecode = 0.000_017
  const perContextToken = 1.9e-7

  const perPatch = 0.000_013
  const perAdapterRank = 0.000_021
  const perAdapterTokenRank = 1.3e-7

  const attention = (context: number): number => Math.max(kinkTokens, context) * perContextToken
  const seconds = (work: StepWork): number =>
    fixed +
    work.prefillTokens * perPrefillToken +
    work.prefillAttention * perPair +
    work.decodes * perDecode +
    attention(work.decodeContext) +
    adapterSeconds(work) +
    imageSeconds(work)

  const imageSeconds = ({ images }: StepWork): number =>
    images === undefined ? 0 : images.patches * perPatch + images.pairs * perPair

  const adapterSeconds = ({ adapters }: StepWork): number =>
    adapters === undefined
      ? 0
      : adapters.ranks * perAdapterRank +
        (adapters.prefillRanks + adapters.decodeRanks) * perAdapterTokenRank

  return {
    name: 'reference',
    step(work: StepWork, into: StepCost): void {
      into.seconds = seconds(work)
      const below = work.decodeContext < kinkTokens
      into.growth = below ? 0 : work.decodes * perContextToken
      into.horizon =
        work.prefillTokens > 0 || work.decodes === 0
          ? 1
          : below
            ? Math.floor((kinkTokens - work.decodeContext) / work.decodes) + 1
            : Infinity
    },
    breakdown(work) {
      return [
        {
          name: 'step',
          seconds: seconds(work),
          flop: 0,
          bytes: 0,
          sentBytes: 0,
          bound: 'overhead',
        },
      ]
    },
  }
}
