import assert from 'node:assert/strict'
import { evaluateAll, inProcessExecutor } from '@llmsim/planner'

const executor = inProcessExecutor((point: number) => point * point)
assert.deepEqual(await evaluateAll([1, 2, 3], executor), [1, 4, 9])
console.log('works')
