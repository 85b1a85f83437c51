import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dominates, race, type Score } from './index.js'

/** A candidate whose true score shows in the last round; before, it is off by some noise. */
interface Entry {
  readonly feasible: boolean
  readonly objectives: readonly number[]
  /** How much less the bound promises. */
  readonly slack: number
  readonly noise: number
}

const entries = fc.integer({ min: 1, max: 3 }).chain((objectives) =>
  fc.array(
    fc.record({
      feasible: fc.boolean(),
      objectives: fc.array(fc.integer({ min: 1, max: 30 }), {
        minLength: objectives,
        maxLength: objectives,
      }),
      slack: fc.integer({ min: 0, max: 10 }),
      noise: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    }),
    { minLength: 1, maxLength: 80 },
  ),
)

const scoreOf = ({ feasible, objectives, noise }: Entry, exact: boolean): Score => ({
  feasible,
  violation: feasible ? 0.5 : 2,
  objectives: objectives.map((value) => (exact ? value : value * (1 + noise))),
})

const evaluated = (rounds: number) => (some: readonly Entry[], round: number) =>
  Promise.resolve(some.map((entry) => scoreOf(entry, round === rounds - 1)))

describe('race', () => {
  it('never leaves out by a bound what is feasible and not dominated', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (all) => {
        const { infeasible, dominated, ranking } = await race(all, {
          rounds: 2,
          batch: 7,
          evaluate: evaluated(2),
          bound: ({ feasible, objectives, slack }) => ({
            // A sound bound may take what is infeasible for feasible, never the other way round.
            feasible: feasible || slack > 5,
            objectives: objectives.map((value) => value - slack),
          }),
        })
        const winners = all.filter(
          (one) =>
            one.feasible &&
            !all.some((other) => other.feasible && dominates(other.objectives, one.objectives)),
        )
        for (const winner of winners) {
          expect(infeasible).not.toContain(winner)
          expect(dominated).not.toContain(winner)
        }
        expect(infeasible.length + dominated.length + ranking.length).toBe(all.length)
      }),
    )
  })

  it('finds the best of all where short looks tell as much as long ones', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (all) => {
        const exact = all.map((entry) => ({ ...entry, noise: 0 }))
        const { ranking } = await race(exact, { rounds: 3, least: 2, evaluate: evaluated(3) })
        const best = exact
          .filter(({ feasible }) => feasible)
          .map(({ objectives }) => objectives)
          .filter((one, _, them) => !them.some((other) => dominates(other, one)))
        const [first] = ranking
        if (best.length > 0) expect(best).toContainEqual(first?.candidate.objectives)
        else expect(first?.score.feasible).toBe(false)
      }),
    )
  })

  it('looks longer at fewer', async () => {
    const all = Array.from({ length: 256 }, (_, index) => ({
      feasible: true,
      objectives: [index],
      slack: 0,
      noise: 0,
    }))
    const looked: number[] = []
    await race(all, {
      rounds: 3,
      evaluate: (some, round) => {
        looked[round] = some.length
        return evaluated(3)(some, round)
      },
    })
    expect(looked).toEqual([256, 64, 16])
  })

  it('lets a candidate go on that misses by a little and promises much', async () => {
    const rest = Array.from({ length: 40 }, () => ({ good: false }))
    const { ranking } = await race([...rest, { good: true }], {
      rounds: 2,
      evaluate: (some, round) =>
        Promise.resolve(
          some.map(({ good }) => ({
            feasible: !good || round === 1,
            violation: good ? 1.05 : 0.9,
            objectives: [good ? 1 : 2],
          })),
        ),
    })
    expect(ranking[0]?.candidate.good).toBe(true)
  })
})
