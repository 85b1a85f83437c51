import assert from 'node:assert/strict'
import type { SchedulerFactory } from '@llmsim/contracts'
import { defaultSchedulerOptions, schedulers } from '@llmsim/schedulers'

const made = schedulers.map((factory: SchedulerFactory) => factory.create(defaultSchedulerOptions))
assert.ok(made.some(({ name }) => name === 'greedy'))
console.log('works')
