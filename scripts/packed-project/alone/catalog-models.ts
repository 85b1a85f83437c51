import assert from 'node:assert/strict'
import { models } from '@llmsim/catalog-models'
import { Model, parameterCounts } from '@llmsim/contracts'

const model = models.map((entry) => Model.parse(entry)).find(({ name }) => name === 'llama2-70b')
assert.ok(model)
assert.equal(Math.round(parameterCounts(model).total / 1e9), 69)
console.log('works')
