import assert from 'node:assert/strict'
import type { RequestDraft } from '@llmsim/contracts'
import { parseTrace, syntheticSource, traceSource } from '@llmsim/workloads'
import { readTrace } from '@llmsim/workloads/node'

const draft = {} as RequestDraft
const fixed = { distribution: 'fixed', mean: 7 } as const
const arrivals = { process: 'constant', ratePerSecond: 4 } as const
syntheticSource({ arrivals, input: fixed, output: fixed, seed: 1 }).next(draft)
assert.deepEqual([draft.arrivalSeconds, draft.promptTokens], [0.25, 7])
const text = 'arrived_at,num_prefill_tokens,num_decode_tokens\n1.5,30,4\n'
traceSource(parseTrace(text, { path: 'trace.csv' })).next(draft)
assert.deepEqual([draft.promptTokens, draft.outputTokens], [30, 4])
assert.throws(() => readTrace('missing.csv'), { code: 'FILE' })
console.log('works')
