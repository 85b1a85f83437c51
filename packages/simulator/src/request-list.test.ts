import { NO_SLOT } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RequestList } from './request-list.js'
import { RequestTable } from './request-table.js'

const request = {
  arrivalSeconds: 0,
  promptTokens: 1,
  outputTokens: 1,
  sessionId: -1,
  priority: 0,
}

describe('RequestList', () => {
  it('does the same as an array', () => {
    const action = fc.record({ kind: fc.constantFrom('front', 'back', 'remove'), which: fc.nat() })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
        const table = new RequestTable(2)
        const list = new RequestList(table)
        let model: number[] = []
        for (const { kind, which } of actions) {
          if (kind === 'remove') {
            const slot = model[which % model.length]
            if (slot === undefined) continue
            list.remove(slot)
            table.close(slot)
            model = model.filter((each) => each !== slot)
          } else {
            const slot = table.open(request)
            expect(model).not.toContain(slot)
            if (kind === 'front') list.pushFront(slot)
            else list.pushBack(slot)
            model = kind === 'front' ? [slot, ...model] : [...model, slot]
          }
          const walk: number[] = []
          for (let slot = list.head; slot !== NO_SLOT; slot = table.next[slot]!) walk.push(slot)
          const back: number[] = []
          for (let slot = list.tail; slot !== NO_SLOT; slot = table.previous[slot]!) back.push(slot)
          expect(walk).toEqual(model)
          expect(back).toEqual(model.toReversed())
          expect(list.size).toBe(model.length)
          expect(table.inUse).toBe(model.length)
        }
      }),
      { seed: 1, numRuns: 300 },
    )
  })
})

describe('RequestTable', () => {
  it('grows, keeps its columns and gives slots again', () => {
    const table = new RequestTable(1)
    const slots = Array.from({ length: 100 }, (_, i) =>
      table.open({
        arrivalSeconds: i / 2,
        promptTokens: i + 1,
        outputTokens: i + 2,
        sessionId: i,
        priority: 50 - i,
      }),
    )
    expect(new Set(slots).size).toBe(100)
    slots.forEach((slot, i) => {
      expect(table.arrival[slot]).toBe(i / 2)
      expect(table.prompt[slot]).toBe(i + 1)
      expect(table.output[slot]).toBe(i + 2)
      expect(table.session[slot]).toBe(i)
      expect(table.priority[slot]).toBe(50 - i)
    })
    const { capacity } = table
    for (const slot of slots) table.close(slot)
    expect(table.inUse).toBe(0)
    for (let i = 0; i < 100; i++) table.open(request)
    expect(table.capacity).toBe(capacity)
  })

  it('opens a slot as new, whatever was in it', () => {
    const table = new RequestTable(1)
    const slot = table.open({ ...request, promptTokens: 5 })
    table.generated[slot] = 3
    table.prefillDone[slot] = 5
    table.blocks[slot] = 2
    table.preemptions[slot] = 1
    table.started[slot] = 4
    table.close(slot)
    expect(table.open({ ...request, promptTokens: 9 })).toBe(slot)
    expect(table.generated[slot]).toBe(0)
    expect(table.prefillDone[slot]).toBe(0)
    expect(table.prefillTarget[slot]).toBe(9)
    expect(table.blocks[slot]).toBe(0)
    expect(table.preemptions[slot]).toBe(0)
    expect(table.started[slot]).toBeNaN()
  })
})
