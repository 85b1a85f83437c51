import { causalPairs, emptyWork, type CostModel, type StepWork } from '@llmsim/contracts'

/**
 * What no replica can do better, whatever its scheduler: from the cost model alone, which is monotone in
 * each field of a step's work, so that a step is never shorter than one with a part of its work.
 */
export interface ReplicaBounds {
  /** Seconds of the shortest step that decodes a sequence: each token but the first takes one. */
  readonly decodeStepSeconds: number
  /** Output tokens per second of one batch in flight at most. */
  readonly tokensPerSecond: number
  /** Prompt tokens per second of one batch in flight at most. */
  readonly promptTokensPerSecond: number
  /** Seconds from the start of a prompt of so many tokens to its first token at least, in however many chunks. */
  firstTokenSeconds(promptTokens: number): number
}

/** Chunks of a prompt that are looked at: in more of them, its steps alone take longer. */
const mostChunks = 4096

/**
 * @param largestBatch sequences of a step at most.
 * @param largestPrefill prompt tokens of a step at most.
 */
export function replicaBounds(
  costModel: CostModel,
  largestBatch: number,
  largestPrefill: number,
): ReplicaBounds {
  const cost = { seconds: 0, growth: 0, horizon: 1 }
  const secondsOf = (work: Partial<StepWork>): number => {
    costModel.step({ ...emptyWork(), ...work }, cost)
    return cost.seconds
  }
  /** The first decode follows a prompt of one token at least. */
  const decodeSeconds = (batch: number): number =>
    secondsOf({ decodes: batch, decodeContext: 2 * batch, logits: batch })
  const chunkSeconds = (tokens: number): number =>
    secondsOf({ prefillTokens: tokens, prefillAttention: tokens })
  return {
    promptTokensPerSecond: mostPerSecond(chunkSeconds, largestPrefill),
    decodeStepSeconds: decodeSeconds(1),
    tokensPerSecond: mostPerSecond(decodeSeconds, largestBatch),
    firstTokenSeconds: (promptTokens) => {
      const wholeSeconds = (tokens: number): number =>
        secondsOf({ prefillTokens: tokens, prefillAttention: causalPairs(tokens, 0) })
      const shortest = wholeSeconds(1)
      let least = Infinity
      for (let chunks = 1; chunks <= Math.min(mostChunks, promptTokens); chunks++) {
        // Of so many chunks one is at least as long as the average; the others have a token each.
        const others = (chunks - 1) * shortest
        if (others >= least) break
        least = Math.min(least, others + wholeSeconds(Math.ceil(promptTokens / chunks)))
      }
      return least
    },
  }
}

/**
 * The most per second of any amount up to the largest: between two amounts of the grid it is at
 * most what the larger one would be in the time of the smaller one.
 */
function mostPerSecond(seconds: (amount: number) => number, largest: number): number {
  let most = 0
  let low = 1
  for (;;) {
    const high = Math.min(largest, Math.max(low, Math.floor(low * 1.05)))
    most = Math.max(most, high / seconds(low))
    if (high >= largest) return most
    low = high + 1
  }
}
