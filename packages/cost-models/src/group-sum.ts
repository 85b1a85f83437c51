import type { OperatorCost, StepWork } from '@llmsim/contracts'
import type { GroupOperators } from './group-operators.js'
import { OperatorSum } from './operator.js'

/** What attention ranks do together in a step. */
export class GroupSum {
  readonly #ranks: number
  readonly #verified: number
  readonly #group: OperatorSum
  readonly #rank: OperatorSum

  /** `verified`: tokens of each decoding sequence in a step. */
  constructor(ranks: number, verified: number, operators: GroupOperators) {
    this.#ranks = ranks
    this.#verified = verified
    this.#group = new OperatorSum(operators.group)
    this.#rank = new OperatorSum(operators.rank)
  }

  /** Seconds for a step of one rank, in which every rank computes `least` tokens at least. */
  seconds(work: StepWork, least = 0): number {
    const all = this.#all(work, least)
    return this.#group.seconds(all) + this.#rank.seconds(this.#most(work, all))
  }

  describe(work: StepWork, into: OperatorCost[], least = 0): void {
    const all = this.#all(work, least)
    this.#group.describe(all, into)
    this.#rank.describe(this.#most(work, all), into)
  }

  /** Tokens of all ranks; as many on each as here, where nobody says. */
  #all(work: StepWork, least: number): number {
    const { groupTokens, groupDecodes = 0 } = work
    const all =
      groupTokens === undefined
        ? this.#ranks * this.#own(work)
        : groupTokens + (this.#verified - 1) * groupDecodes
    return Math.max(all, this.#ranks * least)
  }

  /** Tokens of this rank, and at least the average: an exchange ends when all have sent. */
  #most(work: StepWork, all: number): number {
    return Math.max(this.#own(work), Math.ceil(all / this.#ranks))
  }

  #own({ prefillTokens, decodes }: StepWork): number {
    return prefillTokens + this.#verified * decodes
  }
}
