import {
  freshInputs,
  guardedInputs,
  reusedInputs,
  type FieldsOf,
  type PolicyInputs,
} from './policy-inputs.js'
import type { TestApi } from './test-api.js'
import { check } from './test-api.js'

/** What a policy is asked once. */
export interface Question<Request, View> {
  readonly request: Request
  readonly view: View
}

/** A policy that is asked about one request at a time. */
export interface AskedPolicy<Request extends object, View extends object> {
  /** What one is called, and several. */
  readonly noun: string
  readonly plural: string
  readonly factory: { readonly name: string; readonly description: string }
  /** Random sequences of requests to ask about. */
  readonly scenarios: number
  readonly requestFields: FieldsOf<Request>
  readonly viewFields: FieldsOf<View>
  /** Makes one with a random stream of a seed. */
  create(seed: number): { readonly name: string; ask(request: Request, view: View): unknown }
  questions(seed: number): readonly Question<Request, View>[]
  /** The same view with other loads. */
  changed(view: View): View
}

interface Asking<Request, View> {
  readonly requests: PolicyInputs<Request>
  readonly views: PolicyInputs<View>
  /** Called before each question. */
  readonly between?: (request: Request, view: View) => void
}

/** What a policy made of `seed` says to the questions of that seed. */
export function answersOf<Request extends object, View extends object>(
  policy: AskedPolicy<Request, View>,
  seed: number,
  asking: Asking<Request, View> = { requests: reusedInputs(), views: reusedInputs() },
): unknown[] {
  const { requests, views, between } = asking
  const made = policy.create(seed)
  return policy.questions(seed).map(({ request, view }) => {
    between?.(request, view)
    return made.ask(requests.give(request), views.give(view))
  })
}

/** Runs a body for each of the first seeds; an error names its seed. */
export function eachSeed(scenarios: number, body: (seed: number) => void): void {
  for (let seed = 1; seed <= scenarios; seed++)
    try {
      body(seed)
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
    }
}

/** What holds of every such policy: it goes by what the contract lets it know, and keeps to itself what it remembers. */
export function testAskedPolicy<Request extends object, View extends object>(
  it: TestApi['it'],
  policy: AskedPolicy<Request, View>,
): void {
  const { noun, plural, factory, scenarios, requestFields, viewFields } = policy

  it(`has a name and a description, and makes ${plural} of that name`, () => {
    check(/^[a-z0-9][a-z0-9._-]*$/.test(factory.name), () => `the name ${factory.name}`)
    check(factory.description.length > 0, () => 'no description')
    const made = policy.create(1)
    check(made.name === factory.name, () => `makes a ${noun} named ${made.name}`)
  })

  it('reads what the contract gives it and changes nothing', () => {
    eachSeed(scenarios, (seed) => {
      answersOf(policy, seed, {
        requests: guardedInputs('request', requestFields),
        views: guardedInputs('view', viewFields),
      })
    })
  })

  it('answers the same again, and by what it is given at the time', () => {
    eachSeed(scenarios, (seed) => {
      const first = answersOf(policy, seed).join()
      check(first === answersOf(policy, seed).join(), () => 'two answers to one question')
      const fresh = answersOf(policy, seed, { requests: freshInputs(), views: freshInputs() })
      check(first === fresh.join(), () => 'it keeps a request or a view that is used again')
    })
  })

  it('answers the same whatever another one of its kind is asked', () => {
    eachSeed(scenarios, (seed) => {
      const alone = answersOf(policy, seed).join()
      const other = policy.create(seed + 1)
      let turn = 0
      const beside = answersOf(policy, seed, {
        requests: freshInputs(),
        views: freshInputs(),
        between: (request, view) => {
          other.ask({ ...request }, policy.changed(view))
          // Once or twice: who counts how often all are asked must not come round to the same answers.
          if (turn++ % 2 === 1) other.ask({ ...request }, policy.changed(view))
        },
      })
      check(alone === beside.join(), () => `what another ${noun} was asked changes its answers`)
    })
  })
}
