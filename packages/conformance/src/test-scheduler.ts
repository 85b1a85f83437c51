import type { SchedulerFactory, SchedulerOptions } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import { randomSpecification } from './random-specification.js'
import { resultDifferences } from './result-comparison.js'
import { checkLinks, checkRunLaws } from './run-laws.js'
import type { TestApi } from './test-api.js'
import { check } from './test-api.js'

export interface SchedulerSuite {
  /** Random scenarios to run; 60 when absent. */
  readonly scenarios?: number
  /** Options of the scheduler's own, given to it as `extra`. */
  readonly extra?: Readonly<Record<string, unknown>>
}

/**
 * The suite of every scheduler: over random deployments (aggregated and disaggregated, short of memory
 * and not, with pipeline stages, in an open and in a closed loop) it loses no request, never
 * overcommits, gives the same result twice, and the same stepwise as fast-forwarded, to 1e-9.
 */
export function testScheduler(
  { describe, it }: TestApi,
  factory: SchedulerFactory,
  { scenarios = 60, extra = {} }: SchedulerSuite = {},
): void {
  const specification = (seed: number) =>
    randomSpecification(seed, {
      createScheduler: (options: SchedulerOptions) => factory.create({ ...options, extra }),
    })
  const eachSeed = (body: (seed: number) => void) => (): void => {
    for (let seed = 1; seed <= scenarios; seed++) {
      try {
        body(seed)
      } catch (error) {
        throw new Error(`in the random scenario of seed ${seed}: ${String(error)}`, {
          cause: error,
        })
      }
    }
  }

  describe(`scheduler ${factory.name}`, () => {
    it('has a name and a description, and makes schedulers of that name', () => {
      check(/^[a-z0-9][a-z0-9._-]*$/.test(factory.name), () => `the name ${factory.name}`)
      check(factory.description.length > 0, () => 'no description')
      const made = factory.create({
        maxBatchSize: 8,
        minBatchSize: 1,
        batchingWindowSeconds: 0,
        maxBatchedTokens: 512,
        phaseOrder: 'prefill-first',
        watermark: 0,
        extra,
      })
      check(made.name === factory.name, () => `makes a scheduler named ${made.name}`)
    })

    it(
      'serves every request and never overcommits',
      eachSeed((seed) => {
        const spec = specification(seed)
        const result = simulate(spec)
        checkRunLaws(result)
        checkLinks(spec, result)
      }),
      60_000,
    )

    it(
      'gives the same result twice',
      eachSeed((seed) => {
        const [a, b] = [simulate(specification(seed)), simulate(specification(seed))]
        check(JSON.stringify(a) === JSON.stringify(b), () => resultDifferences(a, b, 0).join('\n'))
      }),
      60_000,
    )

    it(
      'gives the same result step by step as fast-forwarded',
      eachSeed((seed) => {
        const jumped = simulate(specification(seed))
        const stepped = simulate({ ...specification(seed), stepByStep: true })
        const differences = resultDifferences(jumped, stepped)
        check(differences.length === 0, () => differences.join('\n'))
      }),
      120_000,
    )
  })
}
