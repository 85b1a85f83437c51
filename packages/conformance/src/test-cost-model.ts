import type { CostModel, StepWork } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'
import type { TestApi } from './test-api.js'
import { check } from './test-api.js'

export interface CostModelSuite {
  /** Random steps to ask about; 500 when absent. */
  readonly steps?: number
}

/**
 * The suite of every cost model: a step takes a positive, finite time, the same when asked again; more
 * work never takes less; the line that it promises for the following steps holds to its horizon, to
 * 1e-9; and the operators of its breakdown add up to the step.
 */
export function testCostModel(
  { describe, it }: TestApi,
  costModel: CostModel,
  { steps = 500 }: CostModelSuite = {},
): void {
  const cost = (work: StepWork) => {
    const into = { seconds: NaN, growth: NaN, horizon: NaN }
    costModel.step(work, into)
    return into
  }
  const eachWork = (body: (work: StepWork, random: RandomNumbers) => void) => (): void => {
    const random = new RandomNumbers(1)
    for (let i = 0; i < steps; i++) {
      const work = randomWork(random)
      try {
        body(work, random)
      } catch (error) {
        throw new Error(`for ${JSON.stringify(work)}: ${String(error)}`, { cause: error })
      }
    }
  }

  describe(`cost model ${costModel.name}`, () => {
    it(
      'takes a positive, finite time, the same when asked again',
      eachWork((work) => {
        const { seconds, growth, horizon } = cost(work)
        check(seconds > 0 && seconds < Infinity, () => `takes ${seconds} s`)
        check(growth >= 0 && growth < Infinity, () => `grows by ${growth} s a step`)
        check(horizon >= 1, () => `has a horizon of ${horizon} steps`)
        const again = cost(work)
        check(again.seconds === seconds && again.growth === growth, () => 'answers differ')
      }),
    )

    it(
      'never takes less for more work',
      eachWork((work, random) => {
        const { seconds } = cost(work)
        for (const more of moreWork(work, random)) {
          const longer = cost(more).seconds
          check(
            longer >= seconds * (1 - 1e-12),
            () => `takes ${seconds} s, but ${longer} s for ${JSON.stringify(more)}`,
          )
        }
      }),
    )

    it(
      'keeps to its line as far as its horizon',
      eachWork((work, random) => {
        const decode = decodeOnly(work)
        const { seconds, growth, horizon } = cost(decode)
        const furthest = Math.min(horizon, 100_000) - 1
        for (const k of [1, furthest, random.whole(0, furthest)]) {
          if (k > furthest) continue
          const context = decode.decodeContext + k * decode.decodes
          const actual = cost({ ...decode, decodeContext: context }).seconds
          const line = seconds + k * growth
          check(
            Math.abs(actual - line) <= 1e-9 * actual,
            () => `step ${k} takes ${actual} s, the line says ${line} s`,
          )
        }
      }),
    )

    it(
      'has a breakdown that adds up',
      eachWork((work) => {
        const { seconds } = cost(work)
        const operators = costModel.breakdown(work)
        const sum = operators.reduce((total, operator) => total + operator.seconds, 0)
        check(Math.abs(sum - seconds) <= 1e-9 * seconds, () => `${sum} s of ${seconds} s`)
        for (const operator of operators)
          check(operator.seconds >= 0, () => `${operator.name} takes ${operator.seconds} s`)
      }),
    )
  })
}

function randomWork(random: RandomNumbers): StepWork {
  const prefills = random.chance(0.5) ? random.whole(1, 8) : 0
  const decodes = prefills === 0 || random.chance(0.3) ? random.whole(1, 300) : 0
  let prefillTokens = 0
  let prefillAttention = 0
  for (let i = 0; i < prefills; i++) {
    const tokens = random.whole(1, 4000)
    prefillTokens += tokens
    prefillAttention += tokens * (random.pick([0, 1000]) + (tokens + 1) / 2)
  }
  const decodeContext = decodes * random.whole(1, 8000)
  return { prefillTokens, prefillAttention, decodes, decodeContext, logits: prefills + decodes }
}

function decodeOnly(work: StepWork): StepWork {
  const decodes = Math.max(1, work.decodes)
  return {
    prefillTokens: 0,
    prefillAttention: 0,
    decodes,
    decodeContext: Math.max(decodes, work.decodeContext),
    logits: decodes,
  }
}

/** The same step with more prompt, with longer contexts, and with one more sequence. */
function moreWork(work: StepWork, random: RandomNumbers): StepWork[] {
  const extra = random.whole(1, 500)
  return [
    {
      ...work,
      prefillTokens: work.prefillTokens + extra,
      prefillAttention: work.prefillAttention + (extra * (extra + 1)) / 2,
      logits: work.logits + 1,
    },
    { ...work, decodeContext: work.decodeContext + (work.decodes > 0 ? extra : 0) },
    {
      ...work,
      decodes: work.decodes + 1,
      decodeContext: work.decodeContext + extra,
      logits: work.logits + 1,
    },
  ]
}
