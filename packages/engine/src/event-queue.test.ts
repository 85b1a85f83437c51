import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue, NO_EVENT } from './event-queue.js'

interface Pending {
  handle: number
  time: number
  priority: number
  sequence: number
  tag: number
}

/** The queue as a list that is sorted whenever something is taken from it. */
class SortedList {
  events: Pending[] = []
  #sequence = 0

  schedule(handle: number, time: number, priority: number, tag: number): void {
    this.events.push({ handle, time, priority, sequence: this.#sequence++, tag })
  }

  reschedule(handle: number, time: number): void {
    const event = this.events.find((each) => each.handle === handle)!
    event.time = time
    event.sequence = this.#sequence++
  }

  cancel(handle: number): void {
    this.events = this.events.filter((each) => each.handle !== handle)
  }

  pop(): Pending | undefined {
    this.events.sort(
      (a, b) => a.time - b.time || a.priority - b.priority || a.sequence - b.sequence,
    )
    return this.events.shift()
  }
}

type Action =
  | { kind: 'schedule'; after: number; priority: number }
  | { kind: 'reschedule'; which: number; after: number }
  | { kind: 'cancel'; which: number }
  | { kind: 'pop' }

// Few distinct times and priorities, so that ties are common.
const after = fc.oneof(fc.nat(4), fc.double({ min: 0, max: 10, noNaN: true }))
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('schedule' as const),
      after,
      priority: fc.integer({ min: -2, max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('reschedule' as const), which: fc.nat(), after }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pop' as const) }) },
)

describe('EventQueue', () => {
  it('does the same as a sorted list, whatever is scheduled, moved, cancelled and popped', () => {
    fc.assert(fc.property(fc.array(action, { maxLength: 300 }), fc.constantFrom(1, 2, 64), run), {
      seed: 1,
      numRuns: 300,
    })
  })

  function run(actions: Action[], capacity: number): void {
    const queue = new EventQueue(capacity)
    const model = new SortedList()
    let clock = 0
    let tag = 0
    const popBoth = (): void => {
      const expected = model.pop()
      const handle = queue.pop()
      expect(handle).toBe(expected?.handle ?? NO_EVENT)
      if (expected === undefined) return
      expect({ now: queue.now, tag: queue.tag }).toEqual({ now: expected.time, tag: expected.tag })
      expect(queue.now).toBeGreaterThanOrEqual(clock)
      clock = queue.now
    }
    for (const each of actions) {
      if (each.kind === 'schedule') {
        const time = clock + each.after
        const handle = queue.schedule(time, each.priority, ++tag)
        expect(model.events.some((event) => event.handle === handle)).toBe(false)
        model.schedule(handle, time, each.priority, tag)
      } else if (each.kind === 'pop') popBoth()
      else if (model.events.length > 0) {
        const { handle } = model.events[each.which % model.events.length]!
        if (each.kind === 'cancel') {
          queue.cancel(handle)
          model.cancel(handle)
        } else {
          queue.reschedule(handle, clock + each.after)
          model.reschedule(handle, clock + each.after)
        }
      }
      expect(queue.size).toBe(model.events.length)
      expect(queue.nextTime).toBe(Math.min(Infinity, ...model.events.map((event) => event.time)))
    }
    while (model.events.length > 0) popBoth()
    expect(queue.pop()).toBe(NO_EVENT)
  }

  it('decides ties by priority, then by who was scheduled or moved first', () => {
    const queue = new EventQueue()
    queue.schedule(1, 5, 10)
    queue.schedule(1, 0, 11)
    const moved = queue.schedule(0.5, 0, 12)
    queue.schedule(1, 0, 13)
    queue.reschedule(moved, 1)
    const tags: number[] = []
    while (queue.pop() !== NO_EVENT) tags.push(queue.tag)
    expect(tags).toEqual([11, 13, 12, 10])
  })

  it('keeps its clock where it is when there is nothing left', () => {
    const queue = new EventQueue()
    expect(queue.nextTime).toBe(Infinity)
    expect(queue.pop()).toBe(NO_EVENT)
    queue.schedule(3, 0, 7)
    queue.pop()
    expect(queue.pop()).toBe(NO_EVENT)
    expect({ now: queue.now, tag: queue.tag, size: queue.size }).toEqual({
      now: 3,
      tag: 7,
      size: 0,
    })
  })

  it('takes an event at the time of the clock, and one that never comes', () => {
    const queue = new EventQueue()
    queue.schedule(2, 0, 1)
    queue.pop()
    queue.schedule(Infinity, 0, 2)
    queue.schedule(2, 0, 3)
    queue.pop()
    expect(queue.tag).toBe(3)
    expect(queue.nextTime).toBe(Infinity)
  })

  it('refuses times before the clock, and NaN', () => {
    const queue = new EventQueue()
    queue.schedule(2, 0, 1)
    queue.pop()
    const handle = queue.schedule(5, 0, 2)
    for (const time of [1.999, -Infinity, NaN]) {
      expect(() => queue.schedule(time, 0, 3)).toThrow(RangeError)
      expect(() => {
        queue.reschedule(handle, time)
      }).toThrow('before the clock at 2')
    }
    expect(queue.size).toBe(1)
    expect(queue.nextTime).toBe(5)
  })

  it.each([0, 1, -1, 64, 1000, 0.5, NaN])(
    'refuses %d as an event that is not pending',
    (handle) => {
      const queue = new EventQueue()
      queue.schedule(1, 0, 1)
      queue.pop()
      expect(() => {
        queue.cancel(handle)
      }).toThrow('not pending')
      expect(() => {
        queue.reschedule(handle, 2)
      }).toThrow('not pending')
      expect(queue.size).toBe(0)
      expect(queue.pop()).toBe(NO_EVENT)
    },
  )

  it('grows without losing an event', () => {
    const queue = new EventQueue(1)
    const times = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_007)
    for (const time of times) queue.schedule(time, 0, time)
    expect(queue.size).toBe(10_000)
    for (const time of times.toSorted((a, b) => a - b)) {
      queue.pop()
      expect(queue.tag).toBe(time)
    }
  })
})
