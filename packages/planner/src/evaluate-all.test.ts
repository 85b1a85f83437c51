import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateAll, inProcessExecutor, type Executor } from './index.js'

/** An executor whose points end in an order that `delays` mixes up. */
function shuffling(concurrency: number, delays: readonly number[]): Executor<number, number> {
  let started = 0
  return {
    concurrency,
    evaluate: async (point) => {
      for (let wait = delays[started++ % delays.length] ?? 0; wait > 0; wait--)
        await Promise.resolve()
      return point * point
    },
    close: () => Promise.resolve(),
  }
}

describe('evaluateAll', () => {
  it('gives the outcomes in the order of the points, in whatever order they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 12 }),
        async (points, concurrency, delays) => {
          const seen: number[] = []
          const outcomes = await evaluateAll(points, shuffling(concurrency, delays), {
            onOutcome: (_, index) => {
              seen.push(index)
            },
          })
          expect(outcomes).toEqual(points.map((point) => point * point))
          expect(seen.sort((a, b) => a - b)).toEqual(points.map((_, index) => index))
        },
      ),
    )
  })

  it('takes no more points than the executor has room for', async () => {
    let taken = 0
    let ended = 0
    let most = 0
    function* points(): Generator<number> {
      while (taken < 50) {
        most = Math.max(most, taken - ended + 1)
        yield taken++
      }
    }
    const executor: Executor<number, number> = {
      concurrency: 3,
      evaluate: async (point) => {
        await Promise.resolve()
        ended++
        return point
      },
      close: () => Promise.resolve(),
    }
    await evaluateAll(points(), executor)
    expect(most).toBe(3)
  })

  it('starts nothing after an abort, and keeps what was done', async () => {
    const signal = { aborted: false }
    const executor = inProcessExecutor((point: number) => point)
    const outcomes = await evaluateAll([1, 2, 3, 4], executor, {
      signal,
      onOutcome: (_, index) => {
        signal.aborted = index === 1
      },
    })
    expect(outcomes).toEqual([1, 2])
  })

  it('throws what a point rejects with, and starts no more', async () => {
    const evaluated: number[] = []
    const executor = inProcessExecutor((point: number) => {
      evaluated.push(point)
      if (point === 2) throw new Error('broken')
      return point
    })
    await expect(evaluateAll([1, 2, 3], executor)).rejects.toThrow('broken')
    expect(evaluated).toEqual([1, 2])
  })
})
