import { expect, it } from 'vitest'
import { costModels } from './index.js'

it('lists the cost model that scenarios name by default first', () => {
  expect(costModels.map(({ name }) => name)).toEqual(['calibrated', 'roofline', 'fixed'])
})
