import {
  Accelerator,
  type AdmissionFactory,
  type AdmissionPolicy,
  type CostModel,
  type DeciderFactory,
  Model,
  NO_SLOT,
  type OperatorCost,
  parameterCounts,
  type PrefillDecider,
  type ReplicaView,
  type RouterFactory,
  type SchedulerFactory,
  type StepPlan,
} from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import {
  referenceCostModel,
  testAdmission,
  testCatalog,
  testCostModel,
  testDecider,
  testRouter,
  testScheduler,
} from './index.js'
import type { TestApi } from './test-api.js'

/** Runs a suite and gives the errors of the tests that fail, by their names. */
function failures(suite: (api: TestApi) => void): Record<string, string> {
  const failed: Record<string, string> = {}
  suite({
    describe: (_name, body) => {
      body()
    },
    it: (name, body) => {
      try {
        body()
      } catch (error) {
        failed[name] = String(error)
      }
    },
  })
  return failed
}

/** Takes in what fits; decodes otherwise, preempting the last where blocks run out. */
function plan(view: ReplicaView, into: StepPlan): void {
  let free = view.freeBlocks
  let prefills = false
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    const remaining = view.prefillRemaining(slot)
    const needed = remaining === 0 ? view.blocksToDecode(slot) : view.blocksFor(remaining)
    if (remaining === 0 || needed > free) continue
    free -= needed
    into.prefill(slot, remaining)
    prefills = true
  }
  if (prefills) return
  free = view.freeBlocks - view.blocksToDecodeAll
  for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
    if (view.prefillRemaining(slot) > 0 || view.blocksToDecode(slot) > free) continue
    free -= view.blocksToDecode(slot)
    into.admit(slot)
  }
  for (let slot = view.lastRunning(); free < 0; slot = view.previousRunning(slot)) {
    free += view.heldBlocks(slot) + view.blocksToDecode(slot)
    into.preempt(slot)
  }
  into.decodeAll()
}

function scheduler(
  change: (view: ReplicaView, into: StepPlan) => void,
  names: { name?: string; description?: string; own?: string } = {},
): SchedulerFactory {
  const { name = 'own', description = 'One of these tests.', own = name } = names
  return { name, description, create: () => ({ name: own, plan: change }) }
}

const SERVES = 'serves every request and never overcommits'
const TWICE = 'gives the same result twice'
const STEPS = 'gives the same result step by step as fast-forwarded'

function schedulerFailures(factory: SchedulerFactory, scenarios = 25): Record<string, string> {
  return failures((api) => {
    testScheduler(api, factory, { scenarios })
  })
}

describe('testScheduler', () => {
  it('passes a scheduler that keeps its contract', () => {
    expect(schedulerFailures(scheduler(plan))).toEqual({})
  })

  it('fails one that overcommits', () => {
    const failed = schedulerFailures(
      scheduler((view, into) => {
        for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
          const remaining = view.prefillRemaining(slot)
          if (remaining > 0) into.prefill(slot, remaining)
          else into.admit(slot)
        }
        into.decodeAll()
      }),
    )
    expect(failed[SERVES]).toMatch(/seed \d+: .*scheduler own: its plan needs \d+ KV blocks of/)
  })

  it('fails one that never plans', () => {
    expect(schedulerFailures(scheduler(() => {}))[SERVES]).toMatch(/left \d+ requests unserved/)
  })

  it('fails one that forgets a request', () => {
    const forgetful = scheduler((view, into) => {
      if (view.decoding > 0 || view.waiting > 1) plan(view, into)
    })
    expect(schedulerFailures(forgetful)[SERVES]).toMatch(/left \d+ requests unserved/)
  })

  it('fails one that says that it ignores arrivals and does not', () => {
    const failed = schedulerFailures(
      scheduler((view, into) => {
        plan(view, into)
        into.repeats = Infinity
        into.ignoresArrivals = true
      }),
    )
    expect(Object.keys(failed)).toEqual([STEPS])
    expect(failed[STEPS]).toMatch(/seed \d+: Error: \w+/)
  })

  it('fails one whose plan does not stand for as long as it says', () => {
    const shy = scheduler((view, into) => {
      plan(view, into)
      // Preempts when a request has made ten tokens, yet promises to stay as it is.
      const last = view.lastRunning()
      if (view.decoding > 1 && view.generatedTokens(last) === 10) into.preempt(last)
      into.repeats = Infinity
    })
    expect(schedulerFailures(shy)[STEPS]).toBeDefined()
  })

  it('fails one that remembers from one run what it does in the next', () => {
    let plans = 0
    const failed = schedulerFailures(
      scheduler((view, into) => {
        plan(view, into)
        if (++plans % 97 === 0 && view.running > 1 && view.waiting === 0)
          into.preempt(view.lastRunning())
      }),
    )
    expect(failed[TWICE]).toBeDefined()
  })

  it('fails one with the wrong name or no description', () => {
    const NAMED = 'has a name and a description, and makes schedulers of that name'
    const failing = (names: Parameters<typeof scheduler>[1]): string | undefined =>
      schedulerFailures(scheduler(plan, names), 1)[NAMED]
    expect(failing({ name: 'My Own' })).toContain('the name My Own')
    expect(failing({ description: '' })).toContain('no description')
    expect(failing({ own: 'another' })).toContain('makes a scheduler named another')
  })
})

describe('testRouter', () => {
  function router(
    route: (replicas: number, random: () => number) => number,
    own = 'own',
  ): RouterFactory {
    return {
      name: 'own',
      description: 'One of these tests.',
      create: ({ random }) => ({ name: own, route: (_, pool) => route(pool.replicas, random) }),
    }
  }
  const routerFailures = (factory: RouterFactory): Record<string, string> =>
    failures((api) => {
      testRouter(api, factory, { scenarios: 25 })
    })

  it('passes a router that keeps its contract', () => {
    expect(routerFailures(router(() => 0))).toEqual({})
    expect(routerFailures(router((n, random) => Math.floor(random() * n)))).toEqual({})
  })

  it.each([(n: number) => n, () => -1, () => 0.5, () => NaN])(
    'fails one out of range: %s',
    (route) => {
      const failed = routerFailures(router(route))
      expect(failed['names a replica of the pool, whatever the loads']).toMatch(/seed \d+: chose/)
      expect(failed['loses no request']).toContain('router own')
    },
  )

  it('fails one that draws from elsewhere', () => {
    let turn = 0
    const failed = routerFailures(router((n) => turn++ % n))
    expect(Object.keys(failed)).toEqual(['answers the same again'])
  })

  it('fails one that makes routers of another name', () => {
    const failed = routerFailures(router(() => 0, 'another'))
    expect(Object.values(failed)).toEqual([expect.stringContaining('a router named another')])
  })
})

/** Tests that the suites of deciders and admission policies share. */
const READS = 'reads what the contract gives it and changes nothing'
const AGAIN = 'answers the same again, and by what it is given at the time'
const ALONE = 'answers the same whatever another one of its kind is asked'
const LOSES = 'loses no request, and gives the same result twice'

describe('testDecider', () => {
  const ANSWERS = 'answers prefill or decode, whatever the loads'
  type Decide = PrefillDecider['decide']

  function decider(
    make: (random: () => number) => Decide,
    names: Partial<DeciderFactory> & { own?: string } = {},
  ): DeciderFactory {
    const { name = 'own', description = 'One of these tests.', own = name } = names
    return {
      name,
      description,
      create: ({ random }) => ({ name: own, decide: make(() => random()) }),
    }
  }
  const deciderFailures = (factory: DeciderFactory): Record<string, string> =>
    failures((api) => {
      testDecider(api, factory, { scenarios: 10 })
    })

  it('passes deciders that keep their contract', () => {
    expect(deciderFailures(decider(() => () => 'decode'))).toEqual({})
    const drawn = decider((random) => () => (random() < 0.5 ? 'prefill' : 'decode'))
    expect(deciderFailures(drawn)).toEqual({})
    const inTurn = decider(() => {
      let asked = 0
      return () => (asked++ % 2 === 0 ? 'prefill' : 'decode')
    })
    expect(deciderFailures(inTurn)).toEqual({})
  })

  it.each(['both', true, undefined])('fails one that answers %s', (answer) => {
    const failed = deciderFailures(decider(() => () => answer as 'prefill'))
    expect(failed[ANSWERS]).toContain(`seed 1: Error: answers ${String(answer)}`)
    expect(failed[LOSES]).toContain('decider own')
  })

  it('fails one that asks for the output length, or writes', () => {
    const knowing = decider(() => (request) => {
      const { outputTokens = 0 } = request as { outputTokens?: number }
      return outputTokens > 9 ? 'prefill' : 'decode'
    })
    expect(deciderFailures(knowing)).toEqual({
      [READS]: expect.stringContaining('it reads outputTokens of the request'),
    })
    const writing = decider(() => (_, view) => {
      ;(view as { cachedTokens: number }).cachedTokens = 0
      return 'decode'
    })
    expect(deciderFailures(writing)[READS]).toContain('it writes cachedTokens of the view')
  })

  it('fails one that remembers in its module', () => {
    let asked = 0
    const counting = decider(() => () => (asked++ % 3 === 0 ? 'prefill' : 'decode'))
    expect(Object.keys(deciderFailures(counting))).toEqual(
      expect.arrayContaining([AGAIN, ALONE, LOSES]),
    )
    // Starts anew with each run, and hears of others during it.
    let load = 0
    const shared = decider(() => {
      load = 0
      return () => (load++ % 3 === 0 ? 'prefill' : 'decode')
    })
    expect(Object.keys(deciderFailures(shared))).toEqual([ALONE])
  })

  it('fails one that keeps what it was given', () => {
    const keeping = decider(() => {
      let last: { promptTokens: number } | undefined
      return (request) => {
        const longer = request.promptTokens > (last?.promptTokens ?? 0)
        last = request
        return longer ? 'prefill' : 'decode'
      }
    })
    expect(Object.keys(deciderFailures(keeping))).toContain(AGAIN)
  })

  it('fails one with the wrong name or no description', () => {
    const NAMED = 'has a name and a description, and makes deciders of that name'
    const failing = (names: Parameters<typeof decider>[1]): string | undefined =>
      deciderFailures(decider(() => () => 'decode', names))[NAMED]
    expect(failing({ name: 'My Own' })).toContain('the name My Own')
    expect(failing({ description: '' })).toContain('no description')
    expect(failing({ own: 'another' })).toContain('makes a decider named another')
  })
})

describe('testAdmission', () => {
  const ANSWERS = 'answers with a yes or a reason, whatever the loads'
  type Admit = AdmissionPolicy['admit']

  function policy(make: (random: () => number) => Admit, own = 'own'): AdmissionFactory {
    return {
      name: 'own',
      description: 'One of these tests.',
      create: ({ random }) => ({ name: own, admit: make(() => random()) }),
    }
  }
  const policyFailures = (factory: AdmissionFactory): Record<string, string> =>
    failures((api) => {
      testAdmission(api, factory, { scenarios: 10 })
    })

  it('passes policies that keep their contract', () => {
    expect(policyFailures(policy(() => () => true))).toEqual({})
    expect(policyFailures(policy((random) => () => random() < 0.5 || 'chance'))).toEqual({})
    const everyOther = policy(() => {
      let asked = 0
      return () => asked++ % 2 === 0 || 'every other'
    })
    expect(policyFailures(everyOther)).toEqual({})
  })

  it.each([false, '', undefined])('fails one that answers %j', (answer) => {
    const failed = policyFailures(policy(() => () => answer as string))
    expect(failed[ANSWERS]).toContain(`seed 1: Error: answers ${String(answer)}`)
    expect(failed[LOSES]).toContain('admission policy own')
  })

  it('fails one that has a reason for each request', () => {
    const failed = policyFailures(
      policy(
        () =>
          (_, { nowSeconds }) =>
            `full at ${nowSeconds}`,
      ),
    )
    expect(Object.keys(failed)).toEqual(['has few reasons, by which refusals are counted'])
  })

  it('fails one that asks for the output length, or writes', () => {
    const knowing = policy(() => (request) => !('outputTokens' in request) || 'too long')
    expect(policyFailures(knowing)).toEqual({
      [READS]: expect.stringContaining('it reads outputTokens of the request'),
    })
    const writing = policy(() => (request) => {
      ;(request as { retries: number }).retries = 0
      return true
    })
    expect(policyFailures(writing)[READS]).toContain('it writes retries of the request')
  })

  it('fails one that remembers in its module, or keeps what it was given', () => {
    let asked = 0
    const counting = policy(() => () => asked++ % 3 === 0 || 'turn')
    expect(Object.keys(policyFailures(counting))).toEqual(
      expect.arrayContaining([AGAIN, ALONE, LOSES]),
    )
    const keeping = policy(() => {
      let last: { promptTokens: number } | undefined
      return (request) => {
        const longer = request.promptTokens > (last?.promptTokens ?? 0)
        last = request
        return longer || 'shorter'
      }
    })
    expect(Object.keys(policyFailures(keeping))).toContain(AGAIN)
  })

  it('fails one that makes policies of another name', () => {
    const failed = policyFailures(policy(() => () => true, 'another'))
    expect(Object.values(failed)).toEqual([expect.stringContaining('a policy named another')])
  })
})

describe('testCostModel', () => {
  const reference = referenceCostModel()
  const POSITIVE = 'takes a positive, finite time, the same when asked again'
  const MONOTONE = 'never takes less for more work'
  const LINE = 'keeps to its line as far as its horizon'
  const BREAKDOWN = 'has a breakdown that adds up'

  const costFailures = (changes: Partial<CostModel>): Record<string, string> =>
    failures((api) => {
      testCostModel(api, { ...reference, ...changes }, { steps: 100 })
    })
  const part = (seconds: number): OperatorCost => ({
    name: 'part',
    seconds,
    flop: 0,
    bytes: 0,
    sentBytes: 0,
    bound: 'overhead',
  })

  it('passes a cost model that keeps its contract', () => {
    expect(costFailures({})).toEqual({})
  })

  it.each([0, -1, NaN, Infinity])('fails one whose steps take %d s', (seconds) => {
    const failed = costFailures({
      step(work, into) {
        reference.step(work, into)
        into.seconds = seconds
      },
    })
    expect(failed[POSITIVE]).toContain(`takes ${seconds} s`)
  })

  it('fails one that answers differently when asked again', () => {
    let asked = 0
    const failed = costFailures({
      step(work, into) {
        reference.step(work, into)
        into.seconds *= 1 + 1e-12 * asked++
      },
    })
    expect(failed[POSITIVE]).toContain('answers differ')
  })

  it('fails one that takes less for more', () => {
    const failed = costFailures({
      step(work, into) {
        reference.step(work, into)
        if (work.decodes % 2 === 1) into.seconds *= 0.5
      },
    })
    expect(failed[MONOTONE]).toMatch(/for \{"prefillTokens":.* takes .* s, but .* s for/)
  })

  it('fails one whose line has the wrong slope, or is promised too far', () => {
    const growth = costFailures({
      step(work, into) {
        reference.step(work, into)
        into.growth *= 1.001
      },
    })
    expect(Object.keys(growth)).toEqual([LINE])
    expect(Object.keys(costFailures(bentAt(5e5)))).toEqual([LINE])
  })

  /** The reference with a line that bends at so many tokens, and is promised to be straight. */
  function bentAt(kink: number): Partial<CostModel> {
    const bent = referenceCostModel(kink)
    return {
      breakdown: (work) => bent.breakdown(work),
      step(work, into) {
        bent.step(work, into)
        if (work.prefillTokens === 0) into.horizon = Infinity
      },
    }
  }

  it('fails one with a negative growth, or a horizon below one step', () => {
    const change = (fields: object): Partial<CostModel> => ({
      step(work, into) {
        reference.step(work, into)
        Object.assign(into, fields)
      },
    })
    expect(costFailures(change({ growth: -1e-9 }))[POSITIVE]).toContain('grows by -1e-9 s')
    expect(costFailures(change({ growth: NaN }))[POSITIVE]).toContain('grows by NaN s')
    expect(costFailures(change({ horizon: 0 }))[POSITIVE]).toContain('a horizon of 0 steps')
  })

  it('fails one whose breakdown does not add up, or has a negative part', () => {
    const short = costFailures({ breakdown: () => [part(1e-6)] })
    expect(Object.keys(short)).toEqual([BREAKDOWN])
    const negative = costFailures({
      breakdown: (work) => [...reference.breakdown(work), part(1), part(-1)],
    })
    expect(negative[BREAKDOWN]).toContain('part takes -1 s')
  })
})

describe('testCatalog', () => {
  const sources = [{ url: 'https://example.org/card' }]
  const toy = Model.parse({
    name: 'toy',
    aliases: ['little'],
    family: 'toy',
    layers: 2,
    hidden_size: 8,
    vocab_size: 16,
    max_context: 64,
    attention: { kind: 'gqa', heads: 2, kv_heads: 2, head_dim: 4 },
    ffn: { kind: 'dense', intermediate_size: 16, gated: true },
    tied_embeddings: true,
    norm: { kind: 'rmsnorm' },
    published: { parameters: 1 },
    sources,
  })
  const model = { ...toy, published: { parameters: parameterCounts(toy).total } }
  const link = { name: 'link', bandwidth_bytes_per_s: 1e9, latency_s: 1e-6 }
  const accelerator = Accelerator.parse({
    name: 'chip',
    vendor: 'toy',
    product: 'Toy Chip',
    generation: 'one',
    memory_bytes: 1e9,
    memory_bandwidth_bytes_per_s: 1e11,
    peak_flop_per_s: { fp32: 1e12, bf16: 2e12, fp8: 4e12, fp4: 8e12 },
    scale_up: link,
    scale_out: link,
    devices_per_node: 8,
    power: { tdp_w: 100, idle_w: 10 },
    sources,
  })
  const catalogFailures = (
    models: readonly unknown[],
    accelerators: readonly unknown[] = [],
  ): Record<string, string> =>
    failures((api) => {
      testCatalog(api, { name: 'own', models, accelerators })
    })

  it('passes a catalog whose entries are right; a model may share a name with a chip', () => {
    expect(catalogFailures([model], [accelerator])).toEqual({})
    expect(catalogFailures([model], [{ ...accelerator, name: 'toy' }])).toEqual({})
  })

  it('fails an empty one', () => {
    expect(Object.keys(catalogFailures([]))).toEqual(['has entries'])
  })

  it.each([
    [{ ...model, aliases: [] }, 'toy'],
    [{ ...model, name: 'other', aliases: ['toy'] }, 'toy'],
    [{ ...model, name: 'little', aliases: [] }, 'little'],
    [{ ...model, name: 'other', aliases: ['another', 'another'] }, 'another'],
  ])('fails a second entry of a name or alias', (second, name) => {
    const failed = catalogFailures([model, second])
    expect(failed['has no name or alias twice']).toContain(`${name} stands for two entries`)
  })

  it('fails a model whose architecture gives another parameter count', () => {
    const parameters = model.published.parameters
    const published = (factor: number): Record<string, string> =>
      catalogFailures([{ ...model, published: { parameters: parameters * factor } }])
    expect(published(1.009)).toEqual({})
    expect(published(0.991)).toEqual({})
    expect(published(1.011)['describes model toy']).toContain(`has ${parameters} parameters`)
    expect(published(0.98)['describes model toy']).toBeDefined()
  })

  it('fails an entry that its schema refuses', () => {
    expect(catalogFailures([{ ...model, colour: 'red' }])['describes model toy']).toBeDefined()
    expect(catalogFailures([null])['describes model ?']).toBeDefined()
    expect(catalogFailures([], [{ name: 'chip' }])['describes accelerator chip']).toBeDefined()
  })

  it.each([
    [{ peak_flop_per_s: { fp32: 3e12, bf16: 2e12 } }, 'is below the peak of fp32'],
    [{ peak_flop_per_s: { bf16: 2e12, fp8: 1e12 } }, 'is below the peak of bf16'],
    [{ peak_flop_per_s: { bf16: 2e12, fp8: 4e12, fp4: 3e12 } }, 'is below the peak of fp8'],
    [{ power: { tdp_w: 100, idle_w: 100 } }, 'is not below tdp_w'],
  ])('fails a chip with %j', (fields, message) => {
    const failed = catalogFailures([], [{ ...accelerator, ...fields }])
    expect(failed['describes accelerator chip']).toContain(message)
  })
})
