import type { DeciderFactory, DeciderView, PrefillDecider, RoutedRequest } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import { oneAtATime } from './one-at-a-time.js'
import {
  freshInputs,
  guardedInputs,
  reusedInputs,
  type FieldsOf,
  type PolicyInputs,
} from './policy-inputs.js'
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

/** What a decider is asked once. */
interface Question {
  readonly request: RoutedRequest
  readonly view: DeciderView
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
  /** What a decider made of `seed` says to the questions of that seed. */
  const answers = (
    seed: number,
    { requests, views, between }: Asking = { requests: reusedInputs(), views: reusedInputs() },
  ): unknown[] => {
    const decider = create(seed)
    return questions(seed).map(({ request, view }) => {
      between?.(request, view)
      return decider.decide(requests.give(request), views.give(view))
    })
  }
  const eachSeed = (body: (seed: number) => void): void => {
    for (let seed = 1; seed <= scenarios; seed++)
      try {
        body(seed)
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
      }
  }
  const run = (seed: number) =>
    simulate({
      ...randomSpecification(seed, { createScheduler: oneAtATime }),
      decider: create(seed),
    })

  describe(`decider ${factory.name}`, () => {
    it('has a name and a description, and makes deciders of that name', () => {
      check(/^[a-z0-9][a-z0-9._-]*$/.test(factory.name), () => `the name ${factory.name}`)
      check(factory.description.length > 0, () => 'no description')
      const made = create(1)
      check(made.name === factory.name, () => `makes a decider named ${made.name}`)
    })

    it('answers prefill or decode, whatever the loads', () => {
      eachSeed((seed) => {
        for (const answer of answers(seed))
          check(answer === 'prefill' || answer === 'decode', () => `answers ${String(answer)}`)
      })
    })

    it('reads what the contract gives it and changes nothing', () => {
      eachSeed((seed) => {
        answers(seed, {
          requests: guardedInputs('request', requestFields),
          views: guardedInputs('view', viewFields),
        })
      })
    })

    it('answers the same again, and by what it is given at the time', () => {
      eachSeed((seed) => {
        const first = answers(seed).join()
        check(first === answers(seed).join(), () => 'two answers to one question')
        const fresh = answers(seed, { requests: freshInputs(), views: freshInputs() })
        check(first === fresh.join(), () => 'it keeps a request or a view that is used again')
      })
    })

    it('answers the same whatever another one of its kind is asked', () => {
      eachSeed((seed) => {
        const alone = answers(seed).join()
        const other = create(seed + 1)
        const beside = answers(seed, {
          requests: freshInputs(),
          views: freshInputs(),
          between: (request, view) => {
            other.decide({ ...request }, { ...view, prefillQueued: view.prefillQueued + 1 })
          },
        })
        check(alone === beside.join(), () => 'what another decider was asked changes its answers')
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

interface Asking {
  readonly requests: PolicyInputs<RoutedRequest>
  readonly views: PolicyInputs<DeciderView>
  /** Called before each question. */
  readonly between?: (request: RoutedRequest, view: DeciderView) => void
}

/** Whether the random scenario of a seed has prefill and decode pools. */
function splits(seed: number): boolean {
  const { pools } = randomSpecification(seed, { createScheduler: oneAtATime })
  return pools.some(({ role }) => role === 'prefill')
}

function questions(seed: number): Question[] {
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
