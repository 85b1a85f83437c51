import { expect, it } from 'vitest'
import { CapturedGraphs } from './captured-graphs.js'

it('pads a step to the next graph, and none that is larger than all of them', () => {
  const graphs = new CapturedGraphs([8, 1, 4, 2])
  expect([0, 0.5, 1, 2, 3, 4, 4.2, 8, 9, 1000].map((tokens) => graphs.tokens(tokens))).toEqual([
    0, 1, 1, 2, 4, 4, 8, 8, 9, 1000,
  ])
})

it('leaves steps as they are without graphs', () => {
  const graphs = new CapturedGraphs([])
  expect([0, 1, 7].map((tokens) => graphs.tokens(tokens))).toEqual([0, 1, 7])
})
