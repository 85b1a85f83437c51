import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCapacity } from './index.js'

const until = (limit: number) => (load: number) => Promise.resolve({ load, met: load <= limit })

describe('findCapacity', () => {
  it('finds a limit within its precision, in at most 15 trials from a guess within a factor of 16', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
        fc.double({ min: -4, max: 4, noNaN: true }),
        async (limit, guess) => {
          const found = await findCapacity({ trial: until(limit), start: limit * 2 ** guess })
          expect(found.trials.length).toBeLessThanOrEqual(15)
          expect(found.precise).toBe(true)
          expect(found.load).toBeLessThanOrEqual(limit)
          expect(found.exceeded).toBeGreaterThan(limit)
          expect(found.exceeded / found.load).toBeLessThanOrEqual(1.005)
        },
      ),
    )
  })

  it('finds whole numbers exactly', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 5000 }),
        async (limit, start) => {
          const found = await findCapacity({
            trial: until(limit),
            start,
            whole: true,
            precision: 1e-9,
            mostTrials: 40,
          })
          expect(found).toMatchObject({ load: limit, exceeded: limit + 1, precise: true })
        },
      ),
    )
  })

  it('says so where nothing is met, or everything', async () => {
    expect(await findCapacity({ trial: until(0), start: 5 })).toMatchObject({
      load: 0,
      precise: false,
    })
    expect(await findCapacity({ trial: until(0), start: 5, whole: true })).toMatchObject({
      load: 0,
      exceeded: 1,
    })
    expect(await findCapacity({ trial: until(Infinity), start: 5 })).toMatchObject({
      exceeded: Infinity,
    })
  })

  it('tries no load above the most that there may be, and that one where all below it are met', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        fc.boolean(),
        async (start, limit, highest, whole) => {
          const most = whole ? Math.ceil(highest) : highest
          const search = { trial: until(limit), start, most, whole, mostTrials: 60 }
          const { trials, load, exceeded } = await findCapacity(search)
          for (const each of trials) expect(each.load).toBeLessThanOrEqual(most)
          if (limit >= most) expect([load, exceeded]).toEqual([most, Infinity])
          else expect(exceeded).toBeGreaterThan(limit)
        },
      ),
    )
  })

  it('never tries a load twice, nor one outside what it knows', async () => {
    const found = await findCapacity({ trial: until(7.7), start: 1 })
    const loads = found.trials.map(({ load }) => load)
    expect(new Set(loads).size).toBe(loads.length)
    for (const [index, load] of loads.entries())
      for (const before of found.trials.slice(0, index))
        expect(before.met ? load > before.load : load < before.load).toBe(true)
  })

  it('refuses a start that is none', async () => {
    await expect(findCapacity({ trial: until(1), start: 0 })).rejects.toThrow('start')
    await expect(findCapacity({ trial: until(1), start: 1, most: 0 })).rejects.toThrow('start')
  })
})
