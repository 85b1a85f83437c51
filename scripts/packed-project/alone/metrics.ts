import assert from 'node:assert/strict'
import { ExactDistribution, summarizeLatency } from '@llmsim/metrics'

const values = new ExactDistribution()
for (const seconds of [1, 2, 3]) values.add(seconds)
const { mean, max } = summarizeLatency(values)
assert.deepEqual([mean, max], [2, 3])
console.log('works')
