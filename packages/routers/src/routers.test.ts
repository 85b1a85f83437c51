import type { PoolView, RoutedRequest, Router } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { leastOutstanding, random, roundRobin, routers } from './index.js'

const request: RoutedRequest = { arrivalSeconds: 0, promptTokens: 1, sessionId: -1, priority: 0 }

/** A pool whose replicas have so many unfinished requests; nothing else may be asked. */
function poolOf(...loads: number[]): PoolView {
  const unasked = (): never => {
    throw new Error('not asked by these routers')
  }
  return {
    replicas: loads.length,
    outstanding: (replica) => loads[replica]!,
    queued: unasked,
    usedBlocks: unasked,
    totalBlocks: unasked,
  }
}

function unrandom(): never {
  throw new Error('draws a random number')
}

function routed(router: Router, pool: PoolView, times: number): number[] {
  return Array.from({ length: times }, () => router.route(request, pool))
}

describe('round-robin', () => {
  const create = (): Router => roundRobin.create({ random: unrandom, extra: {} })

  it('names one replica after another, whatever their loads', () => {
    expect(routed(create(), poolOf(9, 0, 0), 7)).toEqual([0, 1, 2, 0, 1, 2, 0])
  })

  it('starts anew in each router', () => {
    const [a, b] = [create(), create()]
    expect(routed(a, poolOf(0, 0), 1)).toEqual([0])
    expect(routed(b, poolOf(0, 0), 2)).toEqual([0, 1])
    expect(routed(a, poolOf(0, 0), 1)).toEqual([1])
  })

  it('stays in the pool when that shrinks', () => {
    const router = create()
    routed(router, poolOf(0, 0, 0, 0), 3)
    expect(routed(router, poolOf(0, 0), 2)).toEqual([1, 0])
  })
})

describe('least-outstanding', () => {
  const create = (): Router => leastOutstanding.create({ random: unrandom, extra: {} })

  it('names the replica with the fewest unfinished requests', () => {
    expect(create().route(request, poolOf(3, 1, 2))).toBe(1)
    expect(create().route(request, poolOf(3, 4, 2, 9))).toBe(2)
    expect(create().route(request, poolOf(5))).toBe(0)
  })

  it('takes turns among equals', () => {
    expect(routed(create(), poolOf(2, 2, 2), 5)).toEqual([0, 1, 2, 0, 1])
    expect(routed(create(), poolOf(0, 0, 0), 5)).toEqual([0, 1, 2, 0, 1])
    // Of replicas 0 and 3, the one after the last chosen.
    expect(routed(create(), poolOf(1, 2, 2, 1), 4)).toEqual([0, 3, 0, 3])
  })

  it('keeps the loads level', () => {
    const loads = [0, 0, 0, 0, 0]
    const router = create()
    for (let i = 0; i < 52; i++) loads[router.route(request, poolOf(...loads))]!++
    expect(loads.toSorted()).toEqual([10, 10, 10, 11, 11])
  })
})

describe('random', () => {
  it('cuts its own stream into equal parts, one number for each request', () => {
    const numbers = [0, 0.2499, 0.25, 0.5, 0.75, 0.9999999999999999]
    let drawn = 0
    const router = random.create({ random: () => numbers[drawn++]!, extra: {} })
    expect(routed(router, poolOf(9, 9, 9, 0), 6)).toEqual([0, 0, 1, 2, 3, 3])
    expect(drawn).toBe(6)
  })

  it('is uniform where its stream is', () => {
    let state = 0
    // Equally spaced over [0, 1): steps of the golden ratio.
    const next = (): number => (state = (state + 0.6180339887498949) % 1)
    const counts = [0, 0, 0, 0, 0, 0, 0]
    const router = random.create({ random: next, extra: {} })
    for (const replica of routed(router, poolOf(...counts), 70_000)) counts[replica]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(10)
  })
})

describe('routers', () => {
  it('are listed by the name that their routers have', () => {
    expect(routers.map(({ name }) => name).slice(0, 2)).toEqual([
      'round-robin',
      'least-outstanding',
    ])
    expect(new Set(routers.map(({ name }) => name)).size).toBe(routers.length)
    for (const factory of routers)
      expect(factory.create({ random: () => 0, extra: {} }).name).toBe(factory.name)
  })

  it.each(routers)('$name lists the options that it reads', ({ options, create }) => {
    const read = new Set<string>()
    const extra = new Proxy<Record<string, unknown>>(
      {},
      { get: (_, name) => void read.add(String(name)) },
    )
    create({ random: () => 0, extra })
    expect([...read].sort()).toEqual([...options!].sort())
  })
})
