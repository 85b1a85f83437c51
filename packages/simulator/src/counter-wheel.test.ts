import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CounterWheel } from './counter-wheel.js'

/** Runs through the actions beside a sorted list, counters being from `start` on. */
function compare(
  start: number,
  actions: readonly { kind: number; which: number; steps: number }[],
) {
  const wheel = new CounterWheel()
  let model: { slot: number; counter: number }[] = []
  let now = start
  const free = Array.from({ length: actions.length }, (_, slot) => slot)
  for (const { kind, which, steps } of actions) {
    const chosen = model[which % model.length]
    const first = model[0]
    if (kind === 0 && chosen !== undefined) {
      wheel.remove(chosen.slot)
      // It is gone, and nothing else goes.
      wheel.remove(chosen.slot)
      free.push(chosen.slot)
      model = model.filter((each) => each !== chosen)
    } else if (kind <= 2 && first !== undefined) {
      // Time goes on to the next turn, and all whose turn it is go.
      now = first.counter
      while (wheel.next <= now) {
        expect(wheel.pop()).toBe(model[0]?.slot)
        free.push(model.shift()!.slot)
      }
    } else {
      const [slot] = free.splice(which % free.length, 1)
      wheel.add(slot!, now + steps, now)
      model.push({ slot: slot!, counter: now + steps })
    }
    model.sort((a, b) => a.counter - b.counter || a.slot - b.slot)
    expect(wheel.size).toBe(model.length)
    expect(wheel.next).toBe(model[0]?.counter ?? Infinity)
  }
}

const turns = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 3000 }),
  fc.constantFrom(1023, 1024, 1025, 2048),
)
const action = fc.record({ kind: fc.nat(6), which: fc.nat(), steps: turns })

describe('CounterWheel', () => {
  it('has the first turn on top, of equals the lower slot, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1000, 2 ** 31 - 100, 2 ** 45),
        fc.array(action, { minLength: 1, maxLength: 400 }),
        (start, actions) => {
          compare(start, actions)
        },
      ),
      { seed: 1, numRuns: 500 },
    )
  })

  it('grows', () => {
    const wheel = new CounterWheel()
    for (let slot = 0; slot < 5000; slot++) wheel.add(slot, 1 + ((slot * 7919) % 4001), 0)
    let last = 0
    for (let left = 5000; left > 0; left--) {
      expect(wheel.size).toBe(left)
      expect(wheel.next).toBeGreaterThanOrEqual(last)
      last = wheel.next
      wheel.pop()
    }
    expect(wheel.next).toBe(Infinity)
  })
})
