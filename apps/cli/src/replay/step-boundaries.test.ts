import type { ObservedSegment } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import { StepBoundaries } from './step-boundaries.js'

const segment = (startSeconds: number, steps: number, seconds: number, growth = 0) =>
  ({ startSeconds, steps, seconds, growth }) as ObservedSegment

it('finds the end of the step that runs at a time', () => {
  const boundaries = new StepBoundaries()
  boundaries.add(segment(10, 1, 5))
  // Steps of 1, 1.5 and 2 seconds.
  boundaries.add(segment(0, 3, 1, 0.5))
  expect([0, 1, 1.1, 2.6, 4.5, 9, 15].map((time) => boundaries.next(time))).toEqual([
    1, 1, 2.5, 4.5, 4.5, 15, 15,
  ])
  expect(boundaries.next(15.1)).toBe(Infinity)
})
