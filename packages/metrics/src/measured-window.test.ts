import { describe, expect, it } from 'vitest'
import { overlapSeconds } from './measured-window.js'

describe('overlapSeconds', () => {
  it.each([
    // Inside, around, across either edge, touching, outside, empty, endless.
    [2, 3, 1, 5, 1],
    [0, 9, 1, 5, 4],
    [0, 2, 1, 5, 1],
    [4, 9, 1, 5, 1],
    [0, 1, 1, 5, 0],
    [5, 9, 1, 5, 0],
    [6, 9, 1, 5, 0],
    [3, 3, 1, 5, 0],
    [3, 8, 1, Infinity, 5],
  ])('[%d, %d] in [%d, %d]: %d s', (from, to, start, end, seconds) => {
    expect(overlapSeconds(from, to, start, end)).toBe(seconds)
  })
})
