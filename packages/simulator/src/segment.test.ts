import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Segment } from './segment.js'

function segmentOf(start: number, seconds: number, growth: number, steps: number): Segment {
  const segment = new Segment()
  segment.begin({ now: start }, { seconds, growth, horizon: Infinity })
  segment.resize(steps)
  return segment
}

/** A start, a step's time, a growth (often 0) and a number of steps, plain ones among them. */
const parameters = fc.tuple(
  fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e5, noNaN: true })),
  fc.oneof(fc.constantFrom(0.25, 0.01, 1 / 3), fc.double({ min: 1e-5, max: 5, noNaN: true })),
  fc.oneof(fc.constantFrom(0, 0, 0.125, 1e-9, 1e-17), fc.double({ min: 0, max: 0.1, noNaN: true })),
  fc.integer({ min: 1, max: 400 }),
)

describe('Segment', () => {
  it('is one step long when it begins', () => {
    const segment = new Segment()
    segment.begin({ now: 3 }, { seconds: 0.5, growth: 0.25, horizon: 9 })
    expect(segment).toMatchObject({ active: true, start: 3, steps: 1, end: 3.5 })
    segment.resize(3)
    expect(segment.end).toBe(3 + 0.5 + 0.75 + 1)
  })

  it('ends where its steps, added up one by one, end', () => {
    fc.assert(
      fc.property(parameters, ([start, seconds, growth, steps]) => {
        const segment = segmentOf(start, seconds, growth, steps)
        let span = 0
        for (let k = 0; k < steps; k++) {
          span += seconds + k * growth
          expect(Math.abs(segment.endAfter(k + 1) - start - span)).toBeLessThan(
            1e-12 * (start + span),
          )
        }
        expect(segment.end).toBe(segment.endAfter(steps))
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  /** Times at, just beside and between the ends of steps, and beyond the last. */
  function timesOf(segment: Segment, pick: number): number[] {
    const end = segment.endAfter(1 + (pick % segment.steps))
    const near = Math.max(end * 2 ** -52, Number.MIN_VALUE)
    return [end, end - near, end + near, end + segment.seconds / 3, segment.end, segment.end * 2]
  }

  it('finds the least number of steps that reaches a time', () => {
    fc.assert(
      fc.property(parameters, fc.nat(), ([start, seconds, growth, steps], pick) => {
        const segment = segmentOf(start, seconds, growth, steps)
        for (const time of timesOf(segment, pick)) {
          const reach = segment.stepsToReach(time)
          expect(segment.endAfter(reach)).toBeGreaterThanOrEqual(time)
          if (reach > 1) expect(segment.endAfter(reach - 1)).toBeLessThan(time)
        }
      }),
      { seed: 1, numRuns: 3000 },
    )
  })

  it('counts the steps that are done by a time, one that ends then included', () => {
    fc.assert(
      fc.property(parameters, fc.nat(), ([start, seconds, growth, steps], pick) => {
        const segment = segmentOf(start, seconds, growth, steps)
        for (const time of [start, ...timesOf(segment, pick)]) {
          let done = 0
          while (done < steps && segment.endAfter(done + 1) <= time) done++
          expect(segment.stepsDoneBy(time)).toBe(done)
        }
      }),
      { seed: 1, numRuns: 1000 },
    )
  })

  it('is exact at the end of each step', () => {
    // Quarters and eighths have no rounding: 0.25, 0.375, 0.5 and so on.
    const segment = segmentOf(8, 0.25, 0.125, 5)
    expect([1, 2, 3, 4, 5].map((k) => segment.endAfter(k))).toEqual([
      8.25, 8.625, 9.125, 9.75, 10.5,
    ])
    expect(segment.stepsToReach(9.125)).toBe(3)
    expect(segment.stepsToReach(9.1250001)).toBe(4)
    expect(segment.stepsDoneBy(9.125)).toBe(3)
    expect(segment.stepsDoneBy(9.1249999)).toBe(2)
    expect(segment.stepsDoneBy(8.2)).toBe(0)
    expect(segment.stepsDoneBy(99)).toBe(5)
    expect(segment.stepsDoneBy(Infinity)).toBe(5)
  })

  it('needs a step at least, and says when no number of them is enough', () => {
    const segment = segmentOf(8, 0.25, 0, 5)
    expect(segment.stepsToReach(8)).toBe(1)
    expect(segment.stepsToReach(0)).toBe(1)
    expect(segment.stepsToReach(1e300)).toBe(Infinity)
    expect(segment.stepsToReach(Infinity)).toBe(Infinity)
    expect(segmentOf(0, 1e-9, 1e-12, 2).stepsToReach(Infinity)).toBe(Infinity)
  })

  it('reaches a time to which its first step rounds down', () => {
    // 2^-53 + 1 lies between two numbers, as does their difference to the start.
    const time = 1 + 2 ** -52
    const segment = segmentOf(2 ** -53, 1, 0, 9)
    expect(segment.endAfter(segment.stepsToReach(time))).toBeGreaterThanOrEqual(time)
  })

  it('ends at the same time to the last bit, jumped over or step by step', () => {
    fc.assert(
      fc.property(parameters, fc.nat(), ([start, seconds, growth, steps], pick) => {
        const jumped = segmentOf(start, seconds, growth, steps)
        const stepped = segmentOf(start, seconds, growth, 1)
        // The jump may be broken off between two steps, and go on.
        const cut = 1 + (pick % steps)
        for (let k = 1; k < steps; k++) {
          // As a cost model answers, which does not add up.
          const cost = { seconds: seconds + k * growth, growth, horizon: Infinity }
          if (k === cut) {
            jumped.resize(cut)
            jumped.follow({ now: jumped.end }, cost)
            jumped.resize(steps - cut)
          }
          stepped.follow({ now: stepped.end }, cost)
          expect(stepped).toMatchObject({ steps: 1, seconds: cost.seconds })
        }
        expect(stepped.end).toBe(jumped.end)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('starts a line anew where a step begins later or costs something else', () => {
    const after = (now: number, seconds: number, growth: number): number => {
      const segment = segmentOf(0, 0.1, 0, 3)
      segment.follow({ now }, { seconds, growth, horizon: Infinity })
      return segment.end
    }
    const { end } = segmentOf(0, 0.1, 0, 3)
    // 0.1 + 0.1 + 0.1 + 0.1 rounds otherwise than 4 times 0.1.
    expect(after(end, 0.1, 0)).toBe(0.4)
    expect(after(1, 0.1, 0)).toBe(1.1)
    expect(after(end, 0.2, 0)).toBe(end + 0.2)
  })

  it('ends a line with the step behind which it bends', () => {
    const segment = segmentOf(0, 0.1, 0, 3)
    expect(segment.follow({ now: segment.end }, { seconds: 0.1, growth: 0.05, horizon: 9 })).toBe(
      false,
    )
    expect(segment.end).toBe(0.4)
    expect(segment.follow({ now: 0.4 }, { seconds: 0.15, growth: 0.05, horizon: 9 })).toBe(true)
    expect(segment.end).toBe(0.4 + 0.15)
  })
})
