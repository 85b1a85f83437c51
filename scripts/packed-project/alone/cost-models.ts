import assert from 'node:assert/strict'
import { emptyWork } from '@llmsim/contracts'
import { costModels, fixedCost } from '@llmsim/cost-models'

const into = { seconds: 0, growth: 0, horizon: 0 }
fixedCost({ secondsPerStep: 0.5, secondsPerDecode: 0.25 }).step(
  { ...emptyWork(), decodes: 2 },
  into,
)
assert.equal(into.seconds, 1)
assert.ok(costModels.some(({ name }) => name === 'roofline'))
console.log('works')
