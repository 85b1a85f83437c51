import type { AdapterWork, AttentionReach, CostModel, StepWork } from '@llmsim/contracts'
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

    it('keeps to its line as far as its horizon, through windows', () => {
      const { windows = [] } = costModel
      const random = new RandomNumbers(2)
      for (let i = 0; windows.length > 0 && i < steps; i++) {
        const contexts = Array.from({ length: random.whole(1, 40) }, () =>
          random.whole(1, 3 * random.pick(windows).tokens),
        )
        const { seconds, growth, horizon } = cost(seenThrough(windows, contexts, 0))
        const furthest = Math.min(horizon, 100_000) - 1
        for (const k of [1, furthest, random.whole(0, furthest)]) {
          if (k > furthest) continue
          const actual = cost(seenThrough(windows, contexts, k)).seconds
          const line = seconds + k * growth
          check(
            Math.abs(actual - line) <= 1e-9 * actual,
            () => `step ${k} takes ${actual} s, the line says ${line} s, for ${contexts.join()}`,
          )
        }
      }
    })

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
  const logits = prefills + decodes
  const work = { prefillTokens, prefillAttention, decodes, decodeContext, logits }
  return random.chance(0.5) ? work : { ...work, adapters: randomAdapters(work, random) }
}

/** Some of the tokens of a step have LoRA adapters of one rank. */
function randomAdapters(work: StepWork, random: RandomNumbers): AdapterWork {
  const rank = random.pick([8, 64])
  const prefillTokens = random.whole(0, work.prefillTokens)
  const decodes = random.whole(prefillTokens > 0 ? 0 : Math.min(1, work.decodes), work.decodes)
  const adapters = random.whole(1, Math.max(1, decodes))
  return {
    adapters,
    ranks: adapters * rank,
    prefillTokens,
    prefillRanks: prefillTokens * rank,
    decodes,
    decodeRanks: decodes * rank,
  }
}

/** One decode step of sequences of such contexts, `later` steps from now. */
function seenThrough(
  windows: readonly AttentionReach[],
  contexts: readonly number[],
  later: number,
): StepWork {
  const decodes = contexts.length
  return {
    prefillTokens: 0,
    prefillAttention: 0,
    decodes,
    decodeContext: contexts.reduce((sum, context) => sum + context + later, 0),
    logits: decodes,
    windows: windows.map(({ tokens, kind }) => {
      const seen = contexts.map((context) =>
        kind === 'sliding'
          ? Math.min(context + later, tokens)
          : ((context + later - 1) % tokens) + 1,
      )
      const left = seen.map((each) => tokens - each + (kind === 'sliding' ? 0 : 1))
      const growing = left.filter((each) => each > 0)
      return {
        context: seen.reduce((sum, each) => sum + each, 0),
        growing: growing.length,
        steps: Math.min(...growing) + (kind === 'sliding' ? 1 : 0),
        pairs: 0,
      }
    }),
  }
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
    ...moreAdapters(work, random),
  ]
}

/** The same step with one more adapter, and with a token more that has one. */
function moreAdapters(work: StepWork, random: RandomNumbers): StepWork[] {
  const { adapters } = work
  if (adapters === undefined) return []
  const rank = random.pick([8, 64])
  const { prefillTokens, prefillRanks, decodes, decodeRanks } = adapters
  const more: Partial<AdapterWork>[] = [
    { adapters: adapters.adapters + 1, ranks: adapters.ranks + rank },
  ]
  if (prefillTokens < work.prefillTokens)
    more.push({ prefillTokens: prefillTokens + 1, prefillRanks: prefillRanks + rank })
  if (decodes < work.decodes) more.push({ decodes: decodes + 1, decodeRanks: decodeRanks + rank })
  return more.map((each) => ({ ...work, adapters: { ...adapters, ...each } }))
}
