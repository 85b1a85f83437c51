import type { DeciderFactory, DeciderView, PrefillDecider, RoutedRequest } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import {
  answersOf,
  eachSeed,
  testAskedPolicy,
  type AskedPolicy,
  type Question,
} from './asked-policy.js'
import { oneAtATime } from './one-at-a-time.js'
import type { FieldsOf } from './policy-inputs.js'
import { RandomNumbers } from './random-numbers.js'
import { randomSpecification } from './random-specification.js'
import { resultDifferences } from './result-comparison.js'
import { checkRunLaws } from './run-laws.js'
import type { TestApi } from './test-api.js'
import { check } from './test-api.js'

export interface DeciderSuite {
  /** Random sequences of requests to ask about, and random scenarios to run; 60 when absent. */
  readonly scenarios?: number
  /** Options of the decider's own, given to it as `extra`. */
  readonly extra?: Readonly<Record<string, unknown>>
}

const requestFields: FieldsOf<RoutedRequest> = {
  arrivalSeconds: true,
  promptTokens: true,
  sessionId: true,
  priority: true,
  tenantId: true,
  classId: true,
  adapterId: true,
  prefixKey: true,
}

const viewFields: FieldsOf<DeciderView> = {
  nowSeconds: true,
  cachedTokens: true,
  decodeQueued: true,
  decodeOutstanding: true,
  usedBlocks: true,
  totalBlocks: true,
  prefillReplicas: true,
  prefillQueued: true,
  prefillOutstanding: true,
}

/**
 * The suite of every decider: it answers `prefill` or `decode`, whatever the loads, by what the contract lets it
 * know and nothing else; it answers the same again, keeps to itself what it remembers, and no request is
 * lost behind it.
 */
export function testDecider(
  { describe, it }: TestApi,
  factory: DeciderFactory,
  { scenarios = 60, extra = {} }: DeciderSuite = {},
): void {
  const create = (seed: number): PrefillDecider => {
    const random = new RandomNumbers(seed)
    return factory.create({ random: () => random.next(), extra })
  }
  const asked: AskedPolicy<RoutedRequest, DeciderView> = {
    noun: 'decider',
    plural: 'deciders',
    factory,
    scenarios,
    requestFields,
    viewFields,
    create: (seed) => {
      const made = create(seed)
      return { name: made.name, ask: (request, view) => made.decide(request, view) }
    },
    questions,
    changed: (view) => ({ ...view, prefillQueued: view.prefillQueued + 1 }),
  }
  const run = (seed: number) =>
    simulate({
      ...randomSpecification(seed, { createScheduler: oneAtATime }),
      decider: create(seed),
    })

  describe(`decider ${factory.name}`, () => {
    testAskedPolicy(it, asked)

    it('answers prefill or decode, whatever the loads', () => {
      eachSeed(scenarios, (seed) => {
        for (const answer of answersOf(asked, seed))
          check(answer === 'prefill' || answer === 'decode', () => `answers ${String(answer)}`)
      })
    })

    it('loses no request, and gives the same result twice', () => {
      let seed = 0
      for (let runs = 0; runs < scenarios; runs++) {
        do seed++
        while (!splits(seed))
        const [a, b] = [run(seed), run(seed)]
        checkRunLaws(a)
        const at = seed
        check(
          JSON.stringify(a) === JSON.stringify(b),
          () => `seed ${at}: ${resultDifferences(a, b, 0).join('\n')}`,
        )
      }
    }, 60_000)
  })
}

/** Whether the random scenario of a seed has prefill and decode pools. */
function splits(seed: number): boolean {
  const { pools } = randomSpecification(seed, { createScheduler: oneAtATime })
  return pools.some(({ role }) => role === 'prefill')
}

function questions(seed: number): Question<RoutedRequest, DeciderView>[] {
  const random = new RandomNumbers(seed + 7_000_003)
  let nowSeconds = 0
  return Array.from({ length: 50 }, (_, i) => {
    nowSeconds += random.pick([0, 0.01, 3])
    const promptTokens = random.pick([1, random.whole(1, 100), random.whole(1, 20_000)])
    const totalBlocks = random.pick([1, 1000])
    const [queued, prefillQueued] = [random.whole(0, 20), random.whole(0, 20)]
    return {
      request: {
        arrivalSeconds: nowSeconds - random.pick([0, 0.5]),
        promptTokens,
        sessionId: random.whole(-1, 5),
        priority: random.whole(-1, 1),
        ...(random.chance(0.5) ? { tenantId: i % 3, classId: i % 2, adapterId: -1 } : {}),
        ...(random.chance(0.5) ? { prefixKey: (tokens: number) => (i % 3) * tokens - 1 } : {}),
      },
      view: {
        nowSeconds,
        cachedTokens: random.pick([0, promptTokens - 1]),
        decodeQueued: queued,
        decodeOutstanding: queued + random.whole(0, 20),
        usedBlocks: random.whole(0, totalBlocks),
        totalBlocks,
        // None can take requests where all have failed.
        prefillReplicas: random.pick([0, 1, 7]),
        prefillQueued,
        prefillOutstanding: prefillQueued + random.whole(0, 20),
      },
    }
  })
}
