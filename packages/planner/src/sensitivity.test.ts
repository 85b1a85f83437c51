import { expect, it } from 'vitest'
import { sensitivities } from './index.js'

it('orders inputs by how far they move the figure, those that are equal as given', async () => {
  const slopes = { a: 1, b: -5, c: 0, d: 1 }
  const found = await sensitivities(10, Object.entries(slopes), ([, slope]) =>
    Promise.resolve([10 - slope, 10 + slope] as const),
  )
  expect(found.map(({ input: [name], swing }) => [name, swing])).toEqual([
    ['b', 10],
    ['a', 2],
    ['d', 2],
    ['c', 0],
  ])
})

it('takes an end without a figure for the base, and one on the same side as it is', async () => {
  const [one, other] = await sensitivities(10, ['gone', 'worse'], (input) =>
    Promise.resolve(input === 'gone' ? ([null, 12] as const) : ([11, 15] as const)),
  )
  expect(one).toMatchObject({ input: 'worse', low: 11, high: 15, swing: 5 })
  expect(other).toMatchObject({ input: 'gone', low: null, high: 12, swing: 2 })
})
