import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FlowNetwork } from './flow-network.js'

const network = fc
  .record({
    capacities: fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), {
      minLength: 1,
      maxLength: 8,
    }),
    flows: fc.array(
      fc.record({
        bytes: fc.double({ min: 0.01, max: 1000, noNaN: true }),
        path: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 }),
        at: fc.double({ min: 0, max: 20, noNaN: true }),
      }),
      { minLength: 1, maxLength: 20 },
    ),
  })
  .map(({ capacities, flows }) => ({
    capacities,
    flows: flows
      .map(({ bytes, path, at }) => ({
        bytes,
        at,
        path: [...new Set(path.map((link) => link % capacities.length))],
      }))
      .sort((a, b) => a.at - b.at),
  }))

function started({
  capacities,
  flows,
}: {
  capacities: number[]
  flows: { bytes: number; path: number[] }[]
}) {
  const made = new FlowNetwork(capacities)
  flows.forEach(({ bytes, path }, i) => {
    made.start(0, i, bytes, path)
  })
  return made
}

describe('the flow network', () => {
  it('loads no link beyond its capacity', () => {
    fc.assert(
      fc.property(network, (drawn) => {
        const made = started(drawn)
        drawn.capacities.forEach((capacity, link) => {
          expect(made.load(link)).toBeLessThanOrEqual(capacity * (1 + 1e-9))
        })
      }),
    )
  })

  it('gives every flow a full link on which none is faster: the rates are max-min fair', () => {
    fc.assert(
      fc.property(network, (drawn) => {
        const made = started(drawn)
        drawn.flows.forEach(({ path }, i) => {
          const rate = made.rate(i)
          expect(rate).toBeGreaterThan(0)
          const bottleneck = path.some((link) => {
            const isFull = made.load(link) >= made.capacity(link) * (1 - 1e-9)
            const fastest = Math.max(
              ...drawn.flows.map((other, j) => (other.path.includes(link) ? made.rate(j) : 0)),
            )
            return isFull && rate >= fastest * (1 - 1e-9)
          })
          expect(bottleneck).toBe(true)
        })
      }),
    )
  })

  it('conserves work: a single link sends all bytes in the time of its capacity, whoever shares it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 1000, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (sizes, capacity) => {
          const made = new FlowNetwork([capacity])
          sizes.forEach((bytes, i) => {
            made.start(0, i, bytes, [0])
          })
          let last = 0
          const order: number[] = []
          while (made.size > 0) {
            last = made.nextEnd
            order.push(made.end())
          }
          const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
          expect(Math.abs(last - total / capacity)).toBeLessThanOrEqual(1e-9 * last)
          // The smaller one ends first.
          const ended = order.map((i) => sizes[i]!)
          for (let i = 1; i < ended.length; i++)
            expect(ended[i]!).toBeGreaterThanOrEqual(ended[i - 1]! * (1 - 1e-9))
        },
      ),
    )
  })

  it('sends every byte of flows that come and go', () => {
    fc.assert(
      fc.property(network, ({ capacities, flows }) => {
        const made = new FlowNetwork(capacities)
        const sent = flows.map(() => 0)
        let now = 0
        const move = (to: number): void => {
          flows.forEach((_, i) => (sent[i] = sent[i]! + made.rate(i) * (to - now)))
          now = to
        }
        let next = 0
        const ended: number[] = []
        while (next < flows.length || made.size > 0) {
          const arrival = flows[next]?.at ?? Infinity
          if (arrival <= made.nextEnd) {
            move(arrival)
            made.start(arrival, next, flows[next]!.bytes, flows[next]!.path)
            next++
          } else {
            move(made.nextEnd)
            ended.push(made.end())
          }
        }
        expect(ended.sort((a, b) => a - b)).toEqual(flows.map((_, i) => i))
        flows.forEach(({ bytes }, i) => {
          expect(Math.abs(sent[i]! - bytes)).toBeLessThanOrEqual(1e-6 * Math.max(1, bytes))
        })
      }),
    )
  })

  it('shares as in the textbook: two flows on one link, one of them held back elsewhere', () => {
    const made = new FlowNetwork([10, 2])
    made.start(0, 7, 8, [0, 1])
    made.start(0, 8, 40, [0])
    expect([made.rate(7), made.rate(8)]).toEqual([2, 8])
    expect(made.nextEnd).toBe(4)
    expect(made.end()).toBe(7)
    // 8 bytes are left of 40 after 4 s at 8, and then it has the link alone.
    expect(made.rate(8)).toBe(10)
    expect(made.nextEnd).toBeCloseTo(4.8, 12)
  })

  it('lets the others go on faster when one is taken off, and slower on a scaled network', () => {
    const made = new FlowNetwork([10])
    made.start(0, 0, 50, [0])
    made.start(0, 1, 50, [0])
    made.cancel(2, 1)
    expect(made.nextEnd).toBe(6)
    made.scale(3, 0.5)
    expect(made.rate(0)).toBe(5)
    expect(made.nextEnd).toBe(9)
    made.cancel(4, 99)
    expect(made.end()).toBe(0)
    expect(made.nextEnd).toBe(Infinity)
    expect(made.end()).toBe(-1)
  })
})
