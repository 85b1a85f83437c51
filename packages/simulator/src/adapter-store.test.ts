import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AdapterStore } from './adapter-store.js'

const specs = Array.from({ length: 8 }, (_, i) => ({ name: `${i}`, rank: 8 * (i + 1) }))

/** A step of a replica's life: a request with an adapter is admitted, or one that runs ends. */
const events = fc.array(fc.record({ adapter: fc.nat({ max: 7 }), admits: fc.boolean() }), {
  maxLength: 200,
})

describe('AdapterStore', () => {
  it('keeps what a list of last uses keeps, on the devices and in host memory', () => {
    const room = fc.record({ slots: fc.integer({ min: 1, max: 4 }), more: fc.nat({ max: 3 }) })
    fc.assert(
      fc.property(room, events, ({ slots, more }, steps) => {
        const hostSlots = slots + more
        const store = new AdapterStore(
          { slots, hostSlots, secondsPerRank: 1, storageSecondsPerRank: 1000 },
          specs,
        )
        const users = specs.map(() => 0)
        /** Least recently used first: everything in host memory, and what of it is on the devices. */
        let used: number[] = []
        let onDevice: number[] = []
        const isIdle = (adapter: number): boolean => users[adapter] === 0
        for (const { adapter, admits } of steps) {
          if (admits) {
            const fits = users[adapter]! > 0 || users.filter((each) => each > 0).length < slots
            expect(store.fits(adapter)).toBe(fits)
            if (!fits) continue
            const { rank } = specs[adapter]!
            let seconds = 0
            if (!onDevice.includes(adapter)) {
              seconds = rank
              if (onDevice.length === slots) {
                const gone = used.find((each) => onDevice.includes(each) && isIdle(each))!
                onDevice = onDevice.filter((each) => each !== gone)
              }
              onDevice.push(adapter)
              if (!used.includes(adapter)) {
                seconds += 1000 * rank
                used.push(adapter)
                if (used.length > hostSlots) {
                  const gone = used.find((each) => !onDevice.includes(each))!
                  used = used.filter((each) => each !== gone)
                }
              }
            }
            expect(store.acquire(adapter)).toBe(seconds)
            users[adapter]!++
          } else if (users[adapter]! > 0) {
            store.release(adapter)
            users[adapter]!--
          } else continue
          used = [...used.filter((each) => each !== adapter), adapter]
          expect(store.placeOf(adapter)).toBe(users[adapter]! > 0 ? 'running' : 'resident')
        }
        expect(store.running).toBe(users.filter((each) => each > 0).length)
        expect(store.peakRunning).toBeLessThanOrEqual(slots)
      }),
    )
  })

  it('counts a slot once that running and waiting requests need', () => {
    const store = new AdapterStore({ slots: 3, secondsPerRank: 0 }, specs)
    store.queue(0, 1)
    store.queue(0, 1)
    store.queue(1, 1)
    expect(store.freeSlots).toBe(1)
    expect(store.placeOf(0)).toBe('waiting')
    store.queue(0, -1)
    store.acquire(0)
    expect(store.freeSlots).toBe(1)
    store.queue(0, -1)
    store.release(0)
    expect(store.freeSlots).toBe(2)
    store.clear()
    expect(store.placeOf(0)).toBe('absent')
  })

  it('lets a plan take no more slots than there are', () => {
    const store = new AdapterStore({ slots: 2, secondsPerRank: 0 }, specs)
    store.acquire(0)
    store.beginPlan()
    expect(store.fits(1)).toBe(true)
    store.plan(1)
    expect([store.fits(0), store.fits(1), store.fits(2)]).toEqual([true, true, false])
    store.beginPlan()
    expect(store.fits(2)).toBe(true)
  })
})
