import type {
  AdmissionFactory,
  AdmissionPolicy,
  AdmissionRequest,
  AdmissionView,
} from '@llmsim/contracts'
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

/** What a policy is asked once. */
interface Question {
  readonly request: AdmissionRequest
  readonly view: AdmissionView
}

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
  /** What a policy made of `seed` says to the questions of that seed. */
  const answers = (
    seed: number,
    { requests, views, between }: Asking = { requests: reusedInputs(), views: reusedInputs() },
  ): unknown[] => {
    const policy = create(seed)
    return questions(seed).map(({ request, view }) => {
      between?.(request, view)
      return policy.admit(requests.give(request), views.give(view))
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
      admission: create(seed),
    })

  describe(`admission policy ${factory.name}`, () => {
    it('has a name and a description, and makes policies of that name', () => {
      check(/^[a-z0-9][a-z0-9._-]*$/.test(factory.name), () => `the name ${factory.name}`)
      check(factory.description.length > 0, () => 'no description')
      const made = create(1)
      check(made.name === factory.name, () => `makes a policy named ${made.name}`)
    })

    it('answers with a yes or a reason, whatever the loads', () => {
      eachSeed((seed) => {
        for (const answer of answers(seed))
          check(
            answer === true || (typeof answer === 'string' && answer !== ''),
            () => `answers ${String(answer)}`,
          )
      })
    })

    it('has few reasons, by which refusals are counted', () => {
      const reasons = new Set<unknown>()
      eachSeed((seed) => {
        for (const answer of answers(seed)) if (answer !== true) reasons.add(answer)
        check(reasons.size <= mostReasons, () => `has ${reasons.size} reasons to refuse a request`)
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
            other.admit({ ...request }, { ...view, queued: view.queued + 1 })
          },
        })
        check(alone === beside.join(), () => 'what another policy was asked changes its answers')
      })
    })

    it('loses no request, and gives the same result twice', () => {
      eachSeed((seed) => {
        const [a, b] = [run(seed), run(seed)]
        checkRunLaws(a)
        check(JSON.stringify(a) === JSON.stringify(b), () => resultDifferences(a, b, 0).join('\n'))
      })
    }, 60_000)
  })
}

interface Asking {
  readonly requests: PolicyInputs<AdmissionRequest>
  readonly views: PolicyInputs<AdmissionView>
  /** Called before each question. */
  readonly between?: (request: AdmissionRequest, view: AdmissionView) => void
}

function questions(seed: number): Question[] {
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
