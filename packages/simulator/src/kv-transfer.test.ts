import type { Distribution } from '@llmsim/contracts'
import { EventQueue, LogHistogram } from '@llmsim/engine'
import { expect, it } from 'vitest'
import { KvTransfer } from './kv-transfer.js'
import type { Replica } from './replica.js'
import { Timetable } from './timetable.js'

const anywhere = {} as unknown as Replica

/** A link of 10 bytes per second that sends each of four layers when it is computed. */
function layerWise(): KvTransfer {
  return new KvTransfer({
    spec: { bandwidthBytesPerSecond: 10, latencySeconds: 0.5, bytesPerToken: 1, overlapLayers: 4 },
    pools: [],
    timetable: new Timetable(new EventQueue()),
    times: new LogHistogram() satisfies Distribution,
    windowStart: 0,
    windowEnd: Infinity,
  })
}

it('has sent all layers but the last when a prefill ends that took longer', () => {
  const link = layerWise()
  expect(link.send(20, 0, 40, anywhere, anywhere, 16)).toBe(20 + 1 + 0.5)
  expect(link.startedAt).toBe(17)
})

it('begins beside the computation only when the caches before have gone', () => {
  const link = layerWise()
  // 10 s each: the first layer of the first one is there 6 s before its prefill ends.
  expect(link.send(8, 0, 100, anywhere, anywhere, 8)).toBe(2 + 10 + 0.5)
  expect(link.send(9, 1, 100, anywhere, anywhere, 8)).toBe(12 + 10 + 0.5)
  expect(link.send(30, 2, 100, anywhere, anywhere, 8)).toBe(24 + 10 + 0.5)
  // One that has waited since its prefill goes after that.
  expect(link.send(50, 3, 100, anywhere, anywhere, 0)).toBe(50 + 10 + 0.5)
  expect(link.busyInWindow(61)).toBe(40)
})
