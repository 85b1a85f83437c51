import type { AdapterWork, CostModel, OperatorCost, StepCost, StepWork } from '@llmsim/contracts'
import { emptyAdapterWork } from '@llmsim/contracts'

/** Drafting and verifying, as one cost model of the two. */
export interface SpeculativeOptions {
  /** The target, made with `verifiedTokens` of one more than the drafted tokens. */
  readonly target: CostModel
  /** What drafts a token of each sequence; absent where drafting costs nothing (n-grams of the prompt). */
  readonly draft?: CostModel | undefined
  /** Probability that each drafted token is accepted, given that those before it were. */
  readonly acceptance: readonly number[]
}

/** Probabilities that a step makes 1, 2, … tokens of a sequence: the accepted ones and one of the target. */
export function tokenShares(acceptance: readonly number[]): number[] {
  const shares: number[] = []
  let reached = 1
  for (const accepted of acceptance) {
    shares.push(reached * (1 - accepted))
    reached *= accepted
  }
  shares.push(reached)
  return shares
}

/** Tokens that a step makes of a sequence, on average: `1 + a1 + a1 a2 + …`. */
export function meanTokens(acceptance: readonly number[]): number {
  return tokenShares(acceptance).reduce((sum, share, i) => sum + (i + 1) * share, 0)
}

/**
 * Speculative decoding (Leviathan, Kalman, Matias, ICML 2023, arXiv:2211.17192) as steps of one token.
 *
 * A real step drafts `k` tokens of each sequence, one after another, verifies `k + 1` at once, and makes
 * `meanTokens` of them on average. A step here makes one token of each sequence, and takes its share of the
 * real one. What prompts take in a step is not shared: they are computed once.
 */
export class Speculative implements CostModel {
  readonly name: string
  readonly windows: NonNullable<CostModel['windows']>
  readonly #target: CostModel
  readonly #draft: CostModel | undefined
  readonly #drafted: number
  readonly #tokens: number
  readonly #cost: StepCost = { seconds: 0.5, growth: 0.5, horizon: 1.5 }
  readonly #verify: StepWork = {
    prefillTokens: 0,
    prefillAttention: 0,
    decodes: 0,
    decodeContext: 0,
    logits: 0,
    groupTokens: 0,
    groupDecodes: 0,
    windows: undefined,
    adapters: undefined,
  }
  readonly #adapters: AdapterWork = emptyAdapterWork()
  readonly #drafting: StepWork = { ...this.#verify }

  constructor({ target, draft, acceptance }: SpeculativeOptions) {
    this.name = target.name
    this.windows = target.windows ?? []
    this.#target = target
    this.#draft = draft
    this.#drafted = acceptance.length
    this.#tokens = meanTokens(acceptance)
  }

  step(work: StepWork, into: StepCost): void {
    const { prefillTokens, prefillAttention, decodes } = work
    const prefills = prefillTokens > 0 || prefillAttention > 0
    if (decodes === 0) {
      this.#target.step(work, into)
      if (this.#draft === undefined) return
      const { seconds } = into
      this.#draft.step(this.#prompts(work), into)
      into.seconds += seconds
      return
    }
    const share = 1 / this.#tokens
    this.#take(this.#target, this.#verified(work, false), share, into, true)
    if (this.#draft !== undefined)
      this.#take(this.#draft, this.#draftedOf(work, false), share * this.#drafted, into, false)
    if (!prefills) return
    // What prompts add to the step comes once.
    const alone = this.#secondsOf(this.#target, this.#verified(work, false))
    into.seconds += this.#secondsOf(this.#target, this.#verified(work, true)) - alone
    if (this.#draft !== undefined) {
      const without = this.#secondsOf(this.#draft, this.#draftedOf(work, false))
      into.seconds += this.#secondsOf(this.#draft, this.#draftedOf(work, true)) - without
    }
    into.growth = 0
    into.horizon = 1
  }

  breakdown(work: StepWork): OperatorCost[] {
    const prefills = work.prefillTokens > 0 || work.prefillAttention > 0
    const parts = new Map<string, OperatorCost>()
    const add = (prefix: string, operators: readonly OperatorCost[], times: number): void => {
      for (const { name, seconds, flop, bytes, sentBytes, bound } of operators) {
        const before = parts.get(prefix + name)
        parts.set(prefix + name, {
          name: prefix + name,
          seconds: (before?.seconds ?? 0) + times * seconds,
          flop: (before?.flop ?? 0) + times * flop,
          bytes: (before?.bytes ?? 0) + times * bytes,
          sentBytes: (before?.sentBytes ?? 0) + times * sentBytes,
          bound,
        })
      }
    }
    const models = [
      { model: this.#target, prefix: '', times: 1, of: this.#verified.bind(this) },
      {
        model: this.#draft,
        prefix: 'draft_',
        times: this.#drafted,
        of: this.#draftedOf.bind(this),
      },
    ]
    for (const { model, prefix, times, of } of models) {
      if (model === undefined) continue
      if (work.decodes === 0) {
        add(prefix, model.breakdown(prefix === '' ? work : { ...this.#prompts(work) }), 1)
        continue
      }
      add(prefix, model.breakdown({ ...of(work, false) }), times / this.#tokens)
      if (!prefills) continue
      add(prefix, model.breakdown({ ...of(work, true) }), 1)
      add(prefix, model.breakdown({ ...of(work, false) }), -1)
    }
    return [...parts.values()]
  }

  /** Adds a share of a model's step, or starts with it. */
  #take(model: CostModel, work: StepWork, share: number, into: StepCost, first: boolean): void {
    const cost = this.#cost
    model.step(work, cost)
    if (first) {
      into.seconds = 0
      into.growth = 0
      into.horizon = Infinity
    }
    into.seconds += share * cost.seconds
    into.growth += share * cost.growth
    if (cost.horizon < into.horizon) into.horizon = cost.horizon
  }

  #secondsOf(model: CostModel, work: StepWork): number {
    model.step(work, this.#cost)
    return this.#cost.seconds
  }

  /** What the target computes: all sequences with their drafts, with the prompts or without. */
  #verified(work: StepWork, prompts: boolean): StepWork {
    const into = this.#verify
    this.#fill(into, work, prompts)
    // Each of the tokens behind a context sees one more than the one before it.
    into.decodeContext = work.decodeContext + (work.decodes * this.#drafted) / 2
    into.logits += this.#drafted * work.decodes
    return into
  }

  /** What the draft computes of prompts alone: it has no LoRA adapters, and sees no images. */
  #prompts(work: StepWork): StepWork {
    const { adapters, images } = work
    return adapters === undefined && images === undefined ? work : this.#draftedOf(work, true)
  }

  /** What the draft computes for one token of each sequence, with the prompts or without. */
  #draftedOf(work: StepWork, prompts: boolean): StepWork {
    const into = this.#drafting
    this.#fill(into, work, prompts)
    into.decodeContext = work.decodeContext
    into.windows = undefined
    into.adapters = undefined
    into.images = undefined
    return into
  }

  /** The LoRA adapters of a step, with those of the prompts or without. */
  #adaptersOf({ adapters }: StepWork, prompts: boolean): AdapterWork | undefined {
    if (adapters === undefined || prompts) return adapters
    if (adapters.decodes === 0) return undefined
    const into = Object.assign(this.#adapters, adapters)
    into.prefillRanks = 0
    into.prefillTokens = 0
    return into
  }

  #fill(into: StepWork, work: StepWork, prompts: boolean): void {
    const { decodes, groupTokens, groupDecodes } = work
    into.prefillTokens = prompts ? work.prefillTokens : 0
    into.prefillAttention = prompts ? work.prefillAttention : 0
    into.decodes = decodes
    into.images = prompts ? work.images : undefined
    into.logits = prompts ? work.logits : decodes
    into.windows = work.windows
    into.adapters = this.#adaptersOf(work, prompts)
    into.groupDecodes = groupTokens === undefined ? undefined : (groupDecodes ?? decodes)
    into.groupTokens = prompts ? groupTokens : into.groupDecodes
  }
}
