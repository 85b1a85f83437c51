import type {
  AdmissionFactory,
  AdmissionPolicy,
  AdmissionRequest,
  AdmissionView,
} from '@llmsim/contracts'
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

export interface AdmissionSuite {
  /** Random sequences of requests to ask about, and random scenarios to run; 60 when absent. */
  readonly scenarios?: number
  /** Options of the policy's own, given to it as `extra`. */
  readonly extra?: Readonly<Record<string, unknown>>
}

const requestFields: FieldsOf<AdmissionRequest> = {
  arrivalSeconds: true,
  promptTokens: true,
  maxOutputTokens: true,
  sessionId: true,
  priority: true,
  className: true,
  tenantId: true,
  retries: true,
}

const viewFields: FieldsOf<AdmissionView> = {
  nowSeconds: true,
  outstanding: true,
  queued: true,
  queueDelaySeconds: true,
  usedBlocks: true,
  totalBlocks: true,
}

/** Reasons are counted one by one in the results: so many that no policy has them all by purpose. */
const mostReasons = 30

/**
 * The suite of every admission policy: it answers with a yes or a reason, whatever the loads, by what the
 * contract lets it know and nothing else; it answers the same again, keeps to itself what it remembers, and
 * no request is lost in front of it or behind it.
 */
export function testAdmission(
  { describe, it }: TestApi,
  factory: AdmissionFactory,
  { scenarios = 60, extra = {} }: AdmissionSuite = {},
): void {
  const create = (seed: number): AdmissionPolicy => {
    const random = new RandomNumbers(seed)
    return factory.create({ random: () => random.next(), extra })
  }
  const asked: AskedPolicy<AdmissionRequest, AdmissionView> = {
    noun: 'policy',
    plural: 'policies',
    factory,
    scenarios,
    requestFields,
    viewFields,
    create: (seed) => {
      const made = create(seed)
      return { name: made.name, ask: (request, view) => made.admit(request, view) }
    },
    questions,
    changed: (view) => ({ ...view, queued: view.queued + 1 }),
  }
  const run = (seed: number) =>
    simulate({
      ...randomSpecification(seed, { createScheduler: oneAtATime }),
      admission: create(seed),
    })

  describe(`admission policy ${factory.name}`, () => {
    testAskedPolicy(it, asked)

    it('answers with a yes or a reason, whatever the loads', () => {
      eachSeed(scenarios, (seed) => {
        for (const answer of answersOf(asked, seed))
          check(
            answer === true || (typeof answer === 'string' && answer !== ''),
            () => `answers ${String(answer)}`,
          )
      })
    })

    it('has few reasons, by which refusals are counted', () => {
      const reasons = new Set<unknown>()
      eachSeed(scenarios, (seed) => {
        for (const answer of answersOf(asked, seed)) if (answer !== true) reasons.add(answer)
        check(reasons.size <= mostReasons, () => `has ${reasons.size} reasons to refuse a request`)
      })
    })

    it('loses no request, and gives the same result twice', () => {
      eachSeed(scenarios, (seed) => {
        const [a, b] = [run(seed), run(seed)]
        checkRunLaws(a)
        check(JSON.stringify(a) === JSON.stringify(b), () => resultDifferences(a, b, 0).join('\n'))
      })
    }, 60_000)
  })
}

function questions(seed: number): Question<AdmissionRequest, AdmissionView>[] {
  const random = new RandomNumbers(seed + 7_000_009)
  let nowSeconds = 0
  return Array.from({ length: 50 }, () => {
    nowSeconds += random.pick([0, 0.01, 3])
    const queued = random.pick([0, random.whole(0, 300)])
    const totalBlocks = random.pick([1, 1000])
    return {
      request: {
        arrivalSeconds: nowSeconds - random.pick([0, 0.5]),
        promptTokens: random.pick([1, random.whole(1, 20_000)]),
        maxOutputTokens: random.pick([1, random.whole(1, 4000), Infinity]),
        sessionId: random.whole(-1, 5),
        priority: random.whole(-1, 1),
        className: random.chance(0.3) ? undefined : random.pick(['chat', 'batch']),
        tenantId: random.whole(-1, 3),
        retries: random.pick([0, 0, 1, 5]),
      },
      view: {
        nowSeconds,
        outstanding: queued + random.whole(0, 300),
        queued,
        queueDelaySeconds: queued === 0 ? 0 : random.pick([0.001, 1, 100]),
        usedBlocks: random.whole(0, totalBlocks),
        totalBlocks,
      },
    }
  })
}
