import assert from 'node:assert/strict'
import type { PoolView } from '@llmsim/contracts'
import { leastOutstanding } from '@llmsim/routers'

const pool: PoolView = {
  replicas: 3,
  outstanding: (replica) => 3 - replica,
  queued: () => 0,
  usedBlocks: () => 0,
  totalBlocks: () => 1,
}
const router = leastOutstanding.create({ random: () => 0, extra: {} })
const request = { arrivalSeconds: 0, promptTokens: 1, sessionId: -1, priority: 0 }
assert.equal(router.route(request, pool), 2)
console.log('works')
