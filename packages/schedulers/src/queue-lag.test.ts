import type { ReplicaView } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import { queueLag } from './queue-lag.js'

const queued = [0.5, 1, 1.5, 2.5]

function at(nowSeconds: number, running = 1): ReplicaView {
  return {
    nowSeconds,
    running,
    queuedSeconds: (slot: number) => queued[slot]!,
  } as unknown as ReplicaView
}

function known(lag: ReturnType<typeof queueLag>, view: ReplicaView): number[] {
  lag.observe(view)
  return queued.flatMap((time, slot) =>
    time <= view.nowSeconds && lag.knows(view, slot) ? [slot] : [],
  )
}

it('knows who came before the step that ended now had begun', () => {
  const lag = queueLag(true)
  expect(known(lag, at(1))).toEqual([])
  expect(known(lag, at(2))).toEqual([0, 1])
  expect(lag.unseen).toBe(true)
  expect(known(lag, at(3))).toEqual([0, 1, 2])
  // Asked twice at one boundary, it answers the same.
  expect(known(lag, at(3))).toEqual([0, 1, 2])
  expect(known(lag, at(4))).toEqual([0, 1, 2, 3])
  expect(lag.unseen).toBe(false)
})

it('knows everybody when nothing runs, or where the engine plans between steps', () => {
  expect(known(queueLag(true), at(2, 0))).toEqual([0, 1, 2])
  const none = queueLag(false)
  expect(known(none, at(2))).toEqual([0, 1, 2])
  expect(none.unseen).toBe(false)
})
