import { randomSpecification, resultDifferences, testScheduler } from '@llmsim/conformance'
import { schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { describe, expect, it } from 'vitest'
import { schedulerOptionSets } from './testing/random-options.js'

const api = { describe, it }

for (const factory of schedulers)
  for (const extra of [
    ...(schedulerOptionSets[factory.name] ?? []),
    { order: 'shortest-prompt-first' },
  ])
    describe(`with ${JSON.stringify(extra)}`, () => {
      testScheduler(api, factory, { scenarios: 50, extra })
    })

describe('the order of the queue', () => {
  it('by priority equals stepping, and is another than that of arrival', () => {
    let others = 0
    for (let seed = 1; seed <= 100; seed++)
      for (const factory of schedulers) {
        const run = (order: string, stepByStep: boolean) => {
          const specification = randomSpecification(seed, {
            createScheduler: (given) => factory.create({ ...given, extra: { order } }),
          })
          const { source } = specification
          let drawn = 0
          return simulate({
            ...specification,
            stepByStep,
            source: {
              ...source,
              next(request) {
                const any = source.next(request)
                request.priority = (drawn++ * 7919) % 5
                return any
              },
            },
          })
        }
        const jumped = run('priority', false)
        expect(resultDifferences(jumped, run('priority', true), 1e-9), `seed ${seed}`).toEqual([])
        if (resultDifferences(jumped, run('fcfs', false), 1e-9).length > 0) others++
      }
    expect(others).toBeGreaterThan(100)
  }, 120_000)
})
