import type { PoolView, RouterFactory } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import { oneAtATime } from './one-at-a-time.js'
import { RandomNumbers } from './random-numbers.js'
import { randomSpecification } from './random-specification.js'
import { checkRunLaws } from './run-laws.js'
import type { TestApi } from './test-api.js'
import { check } from './test-api.js'

export interface RouterSuite {
  /** Random pools and scenarios to run; 60 when absent. */
  readonly scenarios?: number
  readonly extra?: Readonly<Record<string, unknown>>
}

/**
 * The suite of every router: it always names a replica of the pool, whatever their loads, answers the
 * same again, and no request is lost behind it.
 */
export function testRouter(
  { describe, it }: TestApi,
  factory: RouterFactory,
  { scenarios = 60, extra = {} }: RouterSuite = {},
): void {
  const create = (seed: number) => {
    const random = new RandomNumbers(seed)
    return factory.create({ random: () => random.next(), extra })
  }
  const routes = (seed: number): number[] => {
    const random = new RandomNumbers(seed)
    const router = create(seed)
    const pool = randomPool(random)
    return Array.from({ length: 50 }, (_, i) =>
      router.route(
        {
          arrivalSeconds: i,
          promptTokens: random.whole(1, 4000),
          sessionId: i % 7,
          priority: 0,
          adapterId: random.whole(-1, 5),
          prefixKey: (tokens) => (i % 3) * tokens - 1,
        },
        pool,
      ),
    )
  }

  describe(`router ${factory.name}`, () => {
    it('has a name and a description, and makes routers of that name', () => {
      check(/^[a-z0-9][a-z0-9._-]*$/.test(factory.name), () => `the name ${factory.name}`)
      check(factory.description.length > 0, () => 'no description')
      const made = create(1)
      check(made.name === factory.name, () => `makes a router named ${made.name}`)
    })

    it('names a replica of the pool, whatever the loads', () => {
      for (let seed = 1; seed <= scenarios; seed++) {
        const replicas = randomPool(new RandomNumbers(seed)).replicas
        for (const chosen of routes(seed))
          check(
            Number.isInteger(chosen) && chosen >= 0 && chosen < replicas,
            () => `seed ${seed}: chose ${chosen} of ${replicas} replicas`,
          )
      }
    })

    it('answers the same again', () => {
      for (let seed = 1; seed <= scenarios; seed++)
        check(routes(seed).join() === routes(seed).join(), () => `seed ${seed}: two answers`)
    })

    it('loses no request', () => {
      for (let seed = 1; seed <= scenarios; seed++)
        checkRunLaws(
          simulate(
            randomSpecification(seed, {
              createScheduler: oneAtATime,
              createRouter: (random) => factory.create({ random, extra }),
            }),
          ),
        )
    }, 60_000)
  })
}

function randomPool(random: RandomNumbers): PoolView {
  const replicas = random.whole(1, 20)
  const loads = Array.from({ length: replicas }, () => random.whole(0, 30))
  const load = (replica: number): number => loads[replica] ?? NaN
  return {
    replicas,
    outstanding: load,
    queued: (replica) => Math.floor(load(replica) / 2),
    usedBlocks: (replica) => load(replica) * 10,
    totalBlocks: () => 1000,
    // Numbered otherwise, since some replicas are not there; with a prefix cache, or without one.
    id: (replica) => 3 * replica + 1,
    ...(random.chance(0.5) ? { cachedTokens: (replica) => load(replica) * 16 } : {}),
    ...(random.chance(0.5)
      ? {
          adapterPlace: (replica) =>
            (['running', 'waiting', 'resident', 'absent'] as const)[load(replica) % 4]!,
          freeAdapterSlots: (replica) => (load(replica) % 5) - 2,
        }
      : {}),
  }
}
