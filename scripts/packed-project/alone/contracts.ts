import assert from 'node:assert/strict'
import { causalPairs, nearNames, Scenario, SimulatorError, type Scheduler } from '@llmsim/contracts'

const idle: Scheduler = { name: 'idle', plan: () => undefined }
assert.equal(idle.name, 'idle')
assert.equal(causalPairs(4, 0), 10)
assert.deepEqual(nearNames('gredy', ['greedy', 'static']), ['greedy'])
assert.equal(
  Scenario.parse({ model: 'a', workload: { arrival_rate: 5 } }).workload?.arrival_rate,
  5,
)
assert.ok(new SimulatorError({ code: 'FILE', path: 'a', message: 'b' }).message.startsWith('a: b'))
console.log('works')
