import type { RequestDraft } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { interactiveSessions } from './interactive-sessions.js'
import type { TraceSession } from './session-source.js'
import { TimeHeap } from './time-heap.js'

function listed(sessions: readonly TraceSession[]): () => TraceSession | undefined {
  let index = 0
  return () => sessions[index++]
}

function draft(): RequestDraft {
  return { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: -1, priority: 0 }
}

const turn = (promptTokens: number, thinkSeconds: number) => ({
  promptTokens,
  outputTokens: 5,
  thinkSeconds,
})

describe('interactiveSessions', () => {
  it('sends a call its think time after the answer before, whenever that was', () => {
    const source = interactiveSessions(
      listed([
        { startSeconds: 1, turns: [turn(10, 0), turn(20, 3), turn(30, 0.5)] },
        { startSeconds: 4, turns: [turn(11, 0)] },
      ]),
    )
    const into = draft()
    expect(source.nextArrivalSeconds?.()).toBe(1)
    expect(source.next(into)).toBe(true)
    expect(into).toMatchObject({ arrivalSeconds: 1, promptTokens: 10, sessionId: 0 })
    // The second session is next, until the first one's answer comes.
    expect(source.nextArrivalSeconds?.()).toBe(4)
    source.completed?.(0, 0.9 + 0.1)
    expect(source.nextArrivalSeconds?.()).toBe(4)
    source.next(into)
    // Of equal times, what was known first.
    expect(into).toMatchObject({ arrivalSeconds: 4, promptTokens: 11, sessionId: 1 })
    source.next(into)
    expect(into).toMatchObject({ arrivalSeconds: 4, promptTokens: 20, sessionId: 0 })
    // Nothing more is known before the answer.
    expect(source.nextArrivalSeconds?.()).toBe(Infinity)
    expect(source.next(into)).toBe(false)
    source.completed?.(1, 8)
    expect(source.nextArrivalSeconds?.()).toBe(Infinity)
    source.completed?.(0, 9)
    expect(source.nextArrivalSeconds?.()).toBe(9.5)
  })

  it('takes no notice of answers that nobody waits for', () => {
    const source = interactiveSessions(listed([{ startSeconds: 0, turns: [turn(1, 0)] }]))
    source.completed?.(7, 1)
    source.next(draft())
    source.completed?.(0, 1)
    expect(source.nextArrivalSeconds?.()).toBe(Infinity)
  })
})

describe('TimeHeap', () => {
  it('gives items by time, and of equal times as they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (times) => {
        const heap = new TimeHeap<number>()
        times.forEach((time, i) => {
          heap.push(time, i)
        })
        const order = times.map((time, i) => ({ time, i }))
        order.sort((a, b) => a.time - b.time || a.i - b.i)
        for (const { time, i } of order) {
          expect(heap.firstTime).toBe(time)
          expect(heap.pop()).toBe(i)
        }
        expect(heap.pop()).toBeUndefined()
      }),
      { seed: 1 },
    )
  })
})
