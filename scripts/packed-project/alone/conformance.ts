import assert from 'node:assert/strict'
import { randomSpecification, testCostModel, referenceCostModel } from '@llmsim/conformance'

let tests = 0
const api = {
  describe: (_name: string, body: () => void) => body(),
  it(_name: string, body: () => void) {
    body()
    tests++
  },
}
testCostModel(api, referenceCostModel(), { steps: 20 })
assert.ok(tests >= 4)
const create = () => ({ name: 'none', plan: () => undefined })
assert.ok(randomSpecification(1, { createScheduler: create }).pools.length > 0)
console.log('works')
