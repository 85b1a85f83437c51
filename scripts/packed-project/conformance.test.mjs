import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { testCatalog, testCostModel, testRouter, testScheduler } from '@llmsim/conformance'
import { accelerators, models } from 'outside-catalog'
import { affine, chunked, twoChoices, shortestPromptFirst } from 'outside-policies'
import { layoutOf, modelCatalog } from './build/deployment.js'

const costModelOf = (name, extra = {}) =>
  affine.create({ ...layoutOf(modelCatalog.get(name), 2), extra })

testScheduler({ describe, it }, chunked, { scenarios: 150 })
testScheduler({ describe, it }, chunked, { scenarios: 60, extra: { chunk_tokens: 7 } })
testScheduler({ describe, it }, shortestPromptFirst, { scenarios: 150 })
testRouter({ describe, it }, twoChoices)
testCostModel({ describe, it }, costModelOf('outside-3b'))
testCostModel({ describe, it }, costModelOf('outside-moe', { overhead_us: 0 }))
testCatalog({ describe, it }, { name: 'outside', accelerators, models })

/** The tests of a suite that fail, by name. */
function failures(suite) {
  const failed = []
  suite({
    describe: (_name, body) => body(),
    it(name, body) {
      try {
        body()
      } catch {
        failed.push(name)
      }
    },
  })
  return failed
}

describe('the suites find', () => {
  const found = (title, suite, test) =>
    it(title, () => {
      const failed = failures(suite)
      assert.ok(
        failed.some((name) => name.includes(test)),
        `only ${failed.join(', ') || 'nothing'} fails`,
      )
    })
  const changed = (factory, change) => ({
    ...factory,
    create: (options) => change(factory.create(options)),
  })
  const scheduler = (change) => (api) =>
    testScheduler(api, changed(chunked, change), { scenarios: 60 })
  const router = (change) => (api) => testRouter(api, changed(twoChoices, change))
  const costModel = (change) => (api) => testCostModel(api, change(costModelOf('outside-3b')))
  const catalog = (contents) => (api) => testCatalog(api, { name: 'changed', ...contents })
  const step = (model, change) => ({
    ...model,
    step(work, into) {
      model.step(work, into)
      change(into, work)
    },
  })

  found(
    'a scheduler that prefills without looking at memory',
    scheduler(({ name }) => ({
      name,
      plan(view, plan) {
        for (let slot = view.firstWaiting(); slot !== -1; slot = view.nextWaiting(slot))
          if (view.prefillRemaining(slot) > 0) plan.prefill(slot, view.prefillRemaining(slot))
          else plan.admit(slot)
        plan.decodeAll()
      },
    })),
    'overcommits',
  )
  found(
    'a scheduler that serves nobody',
    scheduler(({ name }) => ({ name, plan: () => undefined })),
    'serves every request',
  )
  found(
    'a scheduler that ignores arrivals that it should heed',
    scheduler((made) => ({
      name: made.name,
      plan(view, plan) {
        made.plan(view, plan)
        plan.ignoresArrivals = true
      },
    })),
    'step by step',
  )
  found(
    'a router beyond its pool',
    router((made) => ({ name: made.name, route: (_request, pool) => pool.replicas })),
    'names a replica',
  )
  found(
    'a router with a die of its own',
    router((made) => ({
      name: made.name,
      route: (_request, pool) => Math.floor(Math.random() * pool.replicas),
    })),
    'the same again',
  )
  found(
    'a cost line that is too flat',
    costModel((model) => step(model, (into) => (into.growth *= 0.999))),
    'its line',
  )
  found(
    'a cost that falls',
    costModel((model) => step(model, (into, work) => (into.seconds /= 1 + work.prefillTokens))),
    'less for more work',
  )
  found(
    'a breakdown with a term too few',
    costModel((model) => ({ ...model, breakdown: (work) => model.breakdown(work).slice(1) })),
    'adds up',
  )
  found(
    'a model with a layer too many',
    catalog({ models: models.map((model) => ({ ...model, layers: model.layers + 1 })) }),
    'describes model outside-3b',
  )
  found(
    'an accelerator that says nothing of its memory',
    catalog({ accelerators: accelerators.map(({ memory_bytes: _, ...rest }) => rest) }),
    'describes accelerator outside-npu',
  )
  found('a name twice', catalog({ models: [...models, ...models] }), 'twice')
})
