import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CounterHeap } from './counter-heap.js'
import { RequestTable } from './request-table.js'

const request = {
  arrivalSeconds: 0,
  promptTokens: 1,
  outputTokens: 1,
  sessionId: -1,
  priority: 0,
}

describe('CounterHeap', () => {
  it('has the first to finish on top, of equals the lower slot, whatever comes and goes', () => {
    const action = fc.record({ kind: fc.nat(5), which: fc.nat(), finish: fc.nat(12) })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const table = new RequestTable(1)
        const heap = new CounterHeap()
        let model: { slot: number; finish: number }[] = []
        for (const { kind, which, finish } of actions) {
          const chosen = model[which % model.length]
          if (kind === 0 && chosen !== undefined) {
            heap.remove(chosen.slot)
            // It is gone, and nothing else goes.
            heap.remove(chosen.slot)
            table.close(chosen.slot)
            model = model.filter((each) => each !== chosen)
          } else if (kind === 1 && model.length > 0) {
            const slot = heap.pop()
            expect(slot).toBe(model[0]?.slot)
            table.close(slot)
            model.shift()
          } else {
            const slot = table.open(request)
            heap.add(slot, finish)
            model.push({ slot, finish })
          }
          model.sort((a, b) => a.finish - b.finish || a.slot - b.slot)
          expect(heap.size).toBe(model.length)
          expect(heap.next).toBe(model[0]?.finish ?? Infinity)
          if (heap.size > 0) expect(heap.first).toBe(model[0]?.slot)
        }
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  it('grows', () => {
    const table = new RequestTable(1)
    const heap = new CounterHeap()
    for (let i = 0; i < 1000; i++) {
      const slot = table.open(request)
      heap.add(slot, (i * 7919) % 1009)
    }
    let last = -1
    while (heap.size > 0) {
      expect(heap.next).toBeGreaterThanOrEqual(last)
      last = heap.next
      heap.pop()
    }
  })
})
