import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkRunLaws, requestListSource, resultDifferences } from '@llmsim/conformance'
import { SimulationResult } from '@llmsim/contracts'
import { rooflineCostModel } from '@llmsim/cost-models'
import { leastOutstanding, roundRobin } from '@llmsim/routers'
import { greedy } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { affine, chunked, twoChoices, shortestPromptFirst } from 'outside-policies'
import { modelCatalog, requests, specification } from './build/deployment.js'

const own = { scheduler: chunked, router: twoChoices, costModel: affine }
const layouts = { aggregated: ['mixed'], disaggregated: ['prefill', 'decode'] }

/** A source that counts what it hands out. */
function counted(source, most) {
  const count = { requests: 0, promptTokens: 0, outputTokens: 0 }
  return {
    count,
    next(into) {
      if (count.requests === most || !source.next(into)) return false
      count.requests++
      count.promptTokens += into.promptTokens
      count.outputTokens += into.outputTokens
      return true
    },
  }
}

for (const [title, roles] of Object.entries(layouts))
  for (const scheduler of [chunked, shortestPromptFirst])
    for (const kvBlocks of [undefined, 400])
      describe(`${scheduler.name}, ${title}, ${kvBlocks ?? 'all'} KV blocks`, () => {
        const deployment = { ...own, scheduler, roles, ...(kvBlocks && { kvBlocks }) }
        const run = (more) => {
          const source = counted(requests(20), 400)
          const spec = specification({
            ...deployment,
            run: { source, durationSeconds: Infinity, ...more },
          })
          return { result: simulate(spec), count: source.count }
        }

        it('loses no request and no token', () => {
          const { result, count } = run()
          checkRunLaws(SimulationResult.parse(result))
          assert.equal(result.total_requests, 400)
          assert.equal(result.total_requests, count.requests)
          assert.equal(result.completed_requests, 400)
          for (const pool of result.pools) {
            const routed = pool.per_replica.map(({ requests }) => requests)
            assert.equal(routed.length, 2)
            assert.ok(Math.min(...routed) > 100, `routed ${routed.join(', ')}`)
            assert.equal(routed[0] + routed[1], 400)
          }
          const { start_s, end_s } = result.measured_window
          const made = result.throughput.tokens_per_sec * (end_s - start_s)
          assert.ok(Math.abs(made / count.outputTokens - 1) < 1e-9, `${made} tokens`)
          const read = result.throughput.input_tokens_per_sec * (end_s - start_s)
          assert.ok(Math.abs(read / count.promptTokens - 1) < 1e-9, `${read} prompt tokens`)
          assert.equal(result.preemptions > 0, kvBlocks !== undefined)
        })

        it('gives the same step by step', () => {
          const [jumped, stepped] = [run(), run({ stepByStep: true })]
          assert.deepEqual(resultDifferences(jumped.result, stepped.result), [])
        })
      })

describe('each policy decides', () => {
  const coefficients = (() => {
    const { costModel } = specification(own).pools[0]
    const terms = { prefillTokens: 0, prefillAttention: 0, decodes: 0, decodeContext: 0, logits: 0 }
    const seconds = (work) => {
      const into = { seconds: 0, growth: 0, horizon: 0 }
      costModel.step({ ...terms, ...work }, into)
      return into.seconds
    }
    return seconds
  })()
  const run = (deployment, list, more) =>
    simulate(
      specification({
        ...own,
        replicas: 1,
        ...deployment,
        run: {
          source: requestListSource(list),
          durationSeconds: Infinity,
          exactQuantiles: true,
          ...more,
        },
      }),
    )
  const request = (promptTokens, outputTokens = 1, arrivalSeconds = 0) => ({
    ...{ promptTokens, outputTokens, arrivalSeconds },
  })
  const near = (actual, expected) =>
    assert.ok(Math.abs(actual - expected) <= 1e-12, `${actual} instead of ${expected}`)
  const pairs = (tokens, context) => tokens * (context + (tokens + 1) / 2)
  const prompt = (tokens, context = 0) =>
    coefficients({ prefillTokens: tokens, prefillAttention: pairs(tokens, context), logits: 1 })

  it('the cost model: weights, prompt and pairs at the datasheet peaks', () => {
    const weights = (2917051392 * 2) / (2 * 1.5e12) + 200e-6
    const tokens = (2 * 2917051392 * 100) / (2 * 500e12)
    const attention = (4 * 28 * 24 * 128 * pairs(100, 0)) / (2 * 500e12)
    near(prompt(100), weights + tokens + attention)
    near(run({}, [request(100)]).first_token_latency.max, prompt(100))
  })

  it('shortest-prompt-first: the longest prompt comes last', () => {
    const list = [request(300), request(100), request(200)]
    const limits = { schedulerOptions: { maxBatchSize: 1 } }
    const latest = (scheduler) => run({ ...limits, scheduler }, list).queue_time.max
    near(latest(shortestPromptFirst), prompt(100) + prompt(200))
    near(latest(greedy), prompt(300) + prompt(100))
  })

  it('chunked: a prompt beyond the budget takes several steps', () => {
    const { first_token_latency } = run({ schedulerOptions: { maxBatchedTokens: 40 } }, [
      request(100),
    ])
    near(first_token_latency.max, prompt(40) + prompt(40, 40) + prompt(20, 80))
  })

  it('chunked: a step decodes and prefills at once', () => {
    const options = { schedulerOptions: { maxBatchedTokens: 40 } }
    const list = [request(40, 3), request(70, 1)]
    const { end_to_end_latency, pools } = run(options, list)
    const mixed = (tokens, context, decodeContext) =>
      coefficients({
        prefillTokens: tokens,
        prefillAttention: pairs(tokens, context),
        ...{ decodes: 1, decodeContext, logits: 1 },
      })
    near(end_to_end_latency.max, prompt(40) + mixed(39, 0, 41) + mixed(31, 39, 42))
    assert.equal(pools[0].steps, 3)
  })

  it('chunked: who has no part in the budget stands still', () => {
    const options = { schedulerOptions: { maxBatchedTokens: 2 }, kvBlocks: 1000 }
    const list = [request(1, 9), request(1, 9), request(1, 9)]
    const { pools, completed_requests } = run(options, list)
    // The first two prompts in one step; then both decode, 8 steps, and fill the budget; then the third.
    assert.equal(completed_requests, 3)
    assert.equal(pools[0].steps, 1 + 8 + 9)
  })

  it('two-choices: never the busier of two replicas', () => {
    // Requests that stay: each goes where fewer are, as both replicas are drawn each time.
    const list = Array.from({ length: 40 }, () => request(10, 1000))
    const { pools } = run({ replicas: 2 }, list)
    assert.deepEqual(
      pools[0].per_replica.map(({ requests }) => requests),
      [20, 20],
    )
  })

  it('every one of them changes the figures', () => {
    const mean = (policies) =>
      simulate(
        specification({
          ...own,
          ...policies,
          replicas: 5,
          run: { source: requests(1000), durationSeconds: 1 },
          schedulerOptions: { maxBatchedTokens: 512 },
        }),
      ).end_to_end_latency.mean
    const means = [
      mean({}),
      mean({ scheduler: shortestPromptFirst }),
      mean({ scheduler: greedy }),
      mean({ router: roundRobin }),
      mean({ router: leastOutstanding }),
      mean({ costModel: rooflineCostModel }),
      mean({ model: 'outside-moe' }),
    ]
    assert.equal(new Set(means).size, means.length, means.join(', '))
  })

  it('the catalog refuses what it does not have', () => {
    assert.throws(() => modelCatalog.get('outside-3'), {
      code: 'UNKNOWN_NAME',
      message: /outside-3b/,
    })
  })
})
