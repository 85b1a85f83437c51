import type { OperatorCost, StepWork } from '@llmsim/contracts'
import type { GroupOperators } from './layer-operators.js'
import { OperatorSum } from './operator.js'

/** What attention ranks do together in a step. */
export class GroupSum {
  readonly #ranks: number
  readonly #group: OperatorSum
  readonly #rank: OperatorSum

  constructor(ranks: number, operators: GroupOperators) {
    this.#ranks = ranks
    this.#group = new OperatorSum(operators.group)
    this.#rank = new OperatorSum(operators.rank)
  }

  /** Seconds for a step of one rank. */
  seconds(work: StepWork): number {
    const all = this.#all(work)
    return this.#group.seconds(all) + this.#rank.seconds(this.#most(work, all))
  }

  describe(work: StepWork, into: OperatorCost[]): void {
    const all = this.#all(work)
    this.#group.describe(all, into)
    this.#rank.describe(this.#most(work, all), into)
  }

  /** Tokens of all ranks; as many on each as here, where nobody says. */
  #all({ groupTokens, prefillTokens, decodes }: StepWork): number {
    return groupTokens ?? this.#ranks * (prefillTokens + decodes)
  }

  /** Tokens of this rank, and at least the average: an exchange ends when all have sent. */
  #most({ prefillTokens, decodes }: StepWork, all: number): number {
    return Math.max(prefillTokens + decodes, Math.ceil(all / this.#ranks))
  }
}
