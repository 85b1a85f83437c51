/** What one step has to do, summed over its batch: all that a cost depends on. */
export interface StepWork {
  /** New prompt tokens computed in this step. */
  prefillTokens: number
  /** Sum over prompt chunks of `q * (context + (q + 1) / 2)`, in token pairs: causal attention's work. */
  prefillAttention: number
  /** Sequences that produce one token each from their KV cache. */
  decodes: number
  /** Sum of the decoding sequences' context lengths, in tokens, the token of this step included. */
  decodeContext: number
  /** Sequences that need the LM head: those that produce a token. */
  logits: number
  /**
   * Attention data parallelism: tokens of this step on all ranks of the replica, this rank's included,
   * which its experts serve together. Absent: as many on each rank as here.
   */
  groupTokens?: number | undefined
  /** Of these, the decoding sequences, one token each. */
  groupDecodes?: number | undefined
  /**
   * What is seen through each of the cost model's `windows`, in their order. Absent: it is not known, and
   * `decodes` times the window bounds it.
   */
  windows?: readonly WindowWork[] | undefined
  /** Images that are encoded in this step; absent: none. */
  images?: ImageWork | undefined
  /** What LoRA adapters have to do besides; absent: no token of this step has one. */
  adapters?: AdapterWork | undefined
}

/** What the encoder of images has to do in one step, beside the model. */
export interface ImageWork {
  images: number
  /** Tokens that they add to prompts. */
  tokens: number
  /** Patches that the encoder computes. */
  patches: number
  /** Pairs of patches that each layer without windows attends over. */
  pairs: number
}

/** What the LoRA adapters of one step have to do, beside the model. */
export interface AdapterWork {
  /** Different adapters among the tokens of this step: the weights of each are read once. */
  adapters: number
  /** Sum of their ranks. */
  ranks: number
  /** Sum over the prompt tokens that have an adapter of its rank, and how many they are. */
  prefillRanks: number
  prefillTokens: number
  /** The same of the decoding sequences, one token each. */
  decodeRanks: number
  decodes: number
}

/** Attention layers of a model that do not see the whole context. */
export interface AttentionReach {
  /** Tokens of the window or chunk. */
  readonly tokens: number
  /** `sliding`: the last tokens, the own one included; `chunked`: those of the current chunk up to it. */
  readonly kind: 'sliding' | 'chunked'
}

/** What one step sees through one window. */
export interface WindowWork {
  /** Sum over the decoding sequences of the context tokens that they see, the token of this step included. */
  context: number
  /** How many of them see one token more in the next step. */
  growing: number
  /** Steps, this one included, over which `context` grows by `growing` each; Infinity: all. */
  steps: number
  /** Token pairs that the prompt chunks compute. */
  pairs: number
}

/** This step's cost, and that of the identical ones after it, as each decode context grows by a token. */
export interface StepCost {
  /** Seconds that this step takes, through all pipeline stages. */
  seconds: number
  /** Seconds by which each following step is longer than the one before. */
  growth: number
  /** Steps for which that line is exact, this one included (1: this step only). */
  horizon: number
}

/** What limits an operator. */
export type OperatorBound = 'compute' | 'memory' | 'communication' | 'overhead'

/** One operator of a step, per device, summed over the layers that run it. */
export interface OperatorCost {
  readonly name: string
  /** Seconds, summed over layers. */
  readonly seconds: number
  /** FLOP on one device. */
  readonly flop: number
  /** Bytes that one device moves from and to its memory. */
  readonly bytes: number
  /** Bytes that one device sends. */
  readonly sentBytes: number
  readonly bound: OperatorBound
}

/**
 * How long one step of one replica takes.
 *
 * `step` is monotone in each field of the work, deterministic, and allocates nothing. For work that
 * decodes only (`prefillTokens` is 0), `seconds + k * growth` equals `step` of the same work with
 * `decodeContext + k * decodes`, and `context + k * growing` of each window, for every whole `k < horizon`.
 */
export interface CostModel {
  readonly name: string
  /** Windows of which it wants to know exactly what is seen (`StepWork.windows`); none when absent. */
  readonly windows?: readonly AttentionReach[]
  step(work: StepWork, into: StepCost): void
  /** The same step operator by operator; its seconds add up to those of `step`. */
  breakdown(work: StepWork): OperatorCost[]
}

/** A step with no work. */
export function emptyWork(): StepWork {
  return { prefillTokens: 0, prefillAttention: 0, decodes: 0, decodeContext: 0, logits: 0 }
}

/** No adapter in a step. */
export function emptyAdapterWork(): AdapterWork {
  return {
    adapters: 0,
    ranks: 0,
    prefillRanks: 0,
    prefillTokens: 0,
    decodeRanks: 0,
    decodes: 0,
  }
}

/** Token pairs that causal attention computes for `tokens` new ones behind `context` earlier ones. */
export function causalPairs(tokens: number, context: number): number {
  return tokens * (context + (tokens + 1) / 2)
}

/** Tokens that a position sees through a window, with `context` tokens up to it, itself included. */
export function seenTokens({ tokens: window, kind }: AttentionReach, context: number): number {
  return kind === 'chunked' ? ((context - 1) % window) + 1 : Math.min(context, window)
}

/** Token pairs that `tokens` new ones behind `context` earlier ones compute through a window. */
export function seenPairs(reach: AttentionReach, tokens: number, context: number): number {
  const { tokens: window, kind } = reach
  if (kind === 'chunked')
    return pairsOfChunks(context + tokens, window) - pairsOfChunks(context, window)
  const below = Math.min(tokens, Math.max(0, window - context))
  return causalPairs(below, context) + (tokens - below) * window
}

/** Token pairs of the first `tokens` tokens, each seeing its own chunk only. */
function pairsOfChunks(tokens: number, window: number): number {
  const rest = tokens % window
  return ((tokens - rest) / window) * causalPairs(window, 0) + causalPairs(rest, 0)
}
