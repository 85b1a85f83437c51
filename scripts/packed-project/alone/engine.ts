import assert from 'node:assert/strict'
import { EventQueue, FifoServer, LogHistogram, randomStream } from '@llmsim/engine'

// An M/D/1 queue, from the kernel alone.
const stream = randomStream(1, 'gaps')
const server = new FifoServer()
const queue = new EventQueue()
const waits = new LogHistogram()
const service = 0.5
queue.schedule(0, 0, 0)
for (let served = 0; served < 100_000; served++) {
  queue.pop()
  waits.add(server.serve(queue.now, service) - service - queue.now + 1)
  queue.schedule(queue.now - Math.log(1 - stream.next()), 0, 0)
}
// rho s / (2 (1 - rho)), with one second on top of each wait.
assert.ok(Math.abs(waits.mean - 1.25) < 0.02, `waits of ${waits.mean - 1} s`)
console.log('works')
