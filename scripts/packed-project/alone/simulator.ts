import assert from 'node:assert/strict'
import type { SimulationSpec } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'

// One request, one replica, a second for each step.
let left = 1
const spec: SimulationSpec = {
  pools: [
    {
      name: 'mixed',
      role: 'mixed',
      replicas: 1,
      devicesPerReplica: 1,
      stages: 1,
      costModel: {
        name: 'second',
        step: (_work, into) =>
          void Object.assign(into, { seconds: 1, growth: 0, horizon: Infinity }),
        breakdown: () => [],
      },
      createScheduler: () => ({
        name: 'simple',
        plan(view, plan) {
          if (view.waiting > 0) plan.prefill(view.firstWaiting(), 10)
          else plan.decodeAll()
        },
      }),
      router: { name: 'first', route: () => 0 },
      memory: { kvBlocks: 100, blockSize: 1, bytesPerBlock: 1, staticBytes: 0 },
      power: { idleWatts: 0, prefillWatts: 1, decodeWatts: 1 },
    },
  ],
  source: {
    next(into) {
      Object.assign(into, {
        arrivalSeconds: 3,
        promptTokens: 10,
        outputTokens: 5,
        sessionId: -1,
        priority: 0,
      })
      return left-- > 0
    },
  },
  durationSeconds: Infinity,
  warmUpSeconds: 0,
}
const { completed_requests, simulation_time } = simulate(spec)
assert.deepEqual([completed_requests, simulation_time], [1, 8])
console.log('works')
