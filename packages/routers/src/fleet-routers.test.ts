import type { PoolView, RoutedRequest, Router, RouterFactory } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import {
  consistentHash,
  leastKv,
  loraAffinity,
  powerOfTwo,
  prefixAffinity,
  sessionSticky,
  weighted,
} from './index.js'

function request(sessionId = -1): RoutedRequest {
  return { arrivalSeconds: 0, promptTokens: 100, sessionId, priority: 0 }
}

/** Replicas by id, with their unfinished requests and used KV blocks of 100. */
function poolOf(loads: Readonly<Record<number, number>>, blocks: readonly number[] = []): PoolView {
  const ids = Object.keys(loads).map(Number)
  return {
    replicas: ids.length,
    outstanding: (replica) => loads[ids[replica]!]!,
    queued: (replica) => Math.floor(loads[ids[replica]!]! / 2),
    usedBlocks: (replica) => blocks[replica] ?? 0,
    totalBlocks: () => 100,
    id: (replica) => ids[replica]!,
  }
}

function create(factory: RouterFactory, extra: object = {}, random = uniform()): Router {
  return factory.create({ random, extra: extra as Record<string, unknown> })
}

/** The minimal standard generator of Park and Miller. */
function uniform(): () => number {
  let state = 7
  return () => (state = (state * 48271) % 2147483647) / 2147483647
}

describe('least-kv', () => {
  it('names the replica with the smallest share of its blocks in use, equals in turn', () => {
    const router = create(leastKv)
    expect(router.route(request(), poolOf({ 0: 9, 1: 9, 2: 0 }, [30, 10, 20]))).toBe(1)
    const idle = poolOf({ 0: 0, 1: 0 }, [0, 0])
    expect([1, 2, 3].map(() => router.route(request(), idle))).toEqual([0, 1, 0])
  })
})

describe('power-of-two', () => {
  it('never names the busiest of three, and both others', () => {
    const router = create(powerOfTwo)
    const pool = poolOf({ 0: 5, 1: 9, 2: 1 })
    const chosen = Array.from({ length: 3000 }, () => router.route(request(), pool))
    expect(new Set(chosen)).toEqual(new Set([0, 2]))
    // Replica 2 wins both of its pairs, of three that are equally likely.
    expect(chosen.filter((replica) => replica === 2).length / 3000).toBeCloseTo(2 / 3, 1)
  })

  it('compares two different replicas', () => {
    // Both draws at the low end: a router that drew with replacement would compare 0 with itself.
    const router = create(powerOfTwo, {}, () => 0)
    expect(router.route(request(), poolOf({ 0: 5, 1: 1 }))).toBe(1)
  })

  it('keeps the largest load far below that of random choice', () => {
    const most = (choose: (loads: number[]) => number): number => {
      const loads = Array.from({ length: 100 }, () => 0)
      for (let i = 0; i < 10_000; i++) loads[choose(loads)]!++
      return Math.max(...loads)
    }
    const random = uniform()
    const router = create(powerOfTwo, {}, random)
    const two = most((loads) =>
      router.route(request(), poolOf(Object.fromEntries(loads.entries()))),
    )
    const one = most((loads) => Math.floor(random() * loads.length))
    // log log n above the mean against sqrt(mean log n).
    expect(two).toBeLessThanOrEqual(104)
    expect(one).toBeGreaterThan(115)
  })

  it('compares by the signal asked for, and refuses another', () => {
    const router = create(powerOfTwo, { signal: 'kv' }, () => 0)
    expect(router.route(request(), poolOf({ 0: 0, 1: 9 }, [50, 10]))).toBe(1)
    expect(() => create(powerOfTwo, { signal: 'kv ' })).toThrow(
      'router.options.signal: is not one of the accepted values; given "kv "; ' +
        'accepted: outstanding, queued, kv; did you mean kv?',
    )
    expect(() => create(prefixAffinity, { cache_threshold: 2 })).toThrow(
      'router.options.cache_threshold: is too large; given 2; accepted: a number from 0 to 1',
    )
  })
})

describe('session-sticky', () => {
  it('keeps a session where it began, and moves it when that replica goes', () => {
    const router = create(sessionSticky)
    expect(router.route(request(7), poolOf({ 0: 3, 1: 1, 2: 2 }))).toBe(1)
    expect(router.route(request(7), poolOf({ 0: 0, 1: 9, 2: 0 }))).toBe(1)
    // Replica 0 has gone: the session's replica is now the first in the view.
    expect(router.route(request(7), poolOf({ 1: 9, 2: 0 }))).toBe(0)
    expect(router.route(request(7), poolOf({ 0: 2, 2: 1 }))).toBe(1)
    // It stays there when the first one is back.
    expect(router.route(request(7), poolOf({ 0: 0, 1: 0, 2: 5 }))).toBe(2)
  })

  it('levels requests without a session, and forgets the sessions used longest ago', () => {
    const router = create(sessionSticky, { max_sessions: 1 })
    expect(router.route(request(), poolOf({ 0: 3, 1: 1 }))).toBe(1)
    expect(router.route(request(1), poolOf({ 0: 0, 1: 1 }))).toBe(0)
    expect(router.route(request(2), poolOf({ 0: 1, 1: 0 }))).toBe(1)
    expect(router.route(request(1), poolOf({ 0: 1, 1: 0 }))).toBe(1)
  })
})

describe('consistent-hash', () => {
  const loads = { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 }
  const sessions = Array.from({ length: 5000 }, (_, i) => i)

  it('spreads sessions evenly and keeps each where it is', () => {
    const router = create(consistentHash)
    const counts = [0, 0, 0, 0, 0]
    for (const session of sessions) counts[router.route(request(session), poolOf(loads))]!++
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120)
    const again = create(consistentHash)
    for (const session of sessions)
      expect(again.route(request(session), poolOf(loads))).toBe(
        router.route(request(session), poolOf({ ...loads, 2: 100 })),
      )
  })

  it('moves only the sessions of a replica that goes', () => {
    const router = create(consistentHash)
    const { 3: _gone, ...left } = loads
    const ids = [0, 1, 2, 4]
    for (const session of sessions) {
      const before = router.route(request(session), poolOf(loads))
      const after = ids[router.route(request(session), poolOf(left))]
      if (before !== 3) expect(after).toBe(before)
    }
  })

  it('passes over a replica that has more than its share, if asked to', () => {
    const router = create(consistentHash, { load_factor: 1.25 })
    const home = create(consistentHash).route(request(11), poolOf(loads))
    expect(router.route(request(11), poolOf(loads))).toBe(home)
    expect(router.route(request(11), poolOf({ ...loads, [home]: 50 }))).not.toBe(home)
    expect(() => create(consistentHash, { load_factor: 0.5 })).toThrow(/from 1 on/)
  })
})

describe('prefix-affinity', () => {
  const cached = (pool: PoolView, tokens: readonly number[]): PoolView => ({
    ...pool,
    cachedTokens: (replica) => tokens[replica]!,
  })

  it('goes where most of the prompt is, and of equals where less is to do', () => {
    const router = create(prefixAffinity)
    expect(router.route(request(), cached(poolOf({ 0: 0, 1: 9, 2: 0 }), [60, 80, 0]))).toBe(1)
    expect(router.route(request(), cached(poolOf({ 0: 5, 1: 9, 2: 3 }), [80, 80, 80]))).toBe(2)
  })

  it('levels loads where little is cached, or where they are out of balance', () => {
    const router = create(prefixAffinity)
    expect(router.route(request(), cached(poolOf({ 0: 2, 1: 9, 2: 0 }), [0, 50, 0]))).toBe(2)
    expect(router.route(request(), cached(poolOf({ 0: 2, 1: 33, 2: 0 }), [0, 99, 0]))).toBe(2)
    expect(router.route(request(), cached(poolOf({ 0: 2, 1: 32, 2: 0 }), [0, 99, 0]))).toBe(1)
    // 40 more of 1000 are no imbalance.
    expect(router.route(request(), cached(poolOf({ 0: 1000, 1: 1040 }), [0, 99]))).toBe(1)
    expect(router.route(request(), poolOf({ 0: 2, 1: 1 }))).toBe(1)
  })
})

describe('weighted', () => {
  it('adds up the scores of queue, KV cache and prefix cache with their weights', () => {
    // Queue scores 1, 0, 0.5; free shares 0.5, 1, 0.9; prefix shares 0, 1, 0.
    const pool: PoolView = {
      ...poolOf({ 0: 0, 1: 8, 2: 4 }, [50, 0, 10]),
      cachedTokens: (replica) => [0, 100, 0][replica]!,
    }
    const chosen = (extra: object): number => create(weighted, extra).route(request(), pool)
    // 2 + 1 + 0, 0 + 2 + 3, 1 + 1.8 + 0.
    expect(chosen({})).toBe(1)
    expect(chosen({ prefix_weight: 0 })).toBe(0)
    expect(chosen({ prefix_weight: 0, queue_weight: 0 })).toBe(1)
    expect(chosen({ prefix_weight: 0.5, queue_weight: 1 })).toBe(1)
    expect(() => create(weighted, { kv_weight: -1 })).toThrow(/from 0 on/)
  })

  it('takes turns among equals', () => {
    const router = create(weighted)
    const pool = poolOf({ 0: 4, 1: 4, 2: 4 })
    expect([1, 2, 3, 4].map(() => router.route(request(), pool))).toEqual([0, 1, 2, 0])
  })
})

describe('consistent-hash by another key', () => {
  const pool = poolOf({ 0: 0, 1: 0, 2: 0, 3: 0 })
  const router = create(consistentHash, { key: 'prefix', prefix_tokens: 64 })
  const beginning = (key: number, sessionId = -1): RoutedRequest => ({
    ...request(sessionId),
    prefixKey: (tokens) => (tokens === 64 ? key : NaN),
  })

  it('keeps those together that begin alike, whatever their session', () => {
    for (let key = 0; key < 50; key++) {
      const [first, second] = [
        router.route(beginning(key, 1), pool),
        router.route(beginning(key, 2), pool),
      ]
      expect(first).toBe(second)
    }
    const chosen = Array.from({ length: 200 }, (_, key) => router.route(beginning(key), pool))
    expect(new Set(chosen).size).toBe(4)
  })

  it('goes by the session where nothing is known of the prompt, and by load without any', () => {
    const bySession = create(consistentHash)
    expect(router.route(beginning(-1, 5), pool)).toBe(bySession.route(request(5), pool))
    expect(router.route(request(5), pool)).toBe(bySession.route(request(5), pool))
    expect(router.route(beginning(-1), poolOf({ 0: 3, 1: 1, 2: 2 }))).toBe(1)
  })

  it('goes by the adapter', () => {
    const byAdapter = create(consistentHash, { key: 'adapter' })
    const with3 = { ...request(1), adapterId: 3 }
    expect(byAdapter.route(with3, pool)).toBe(create(consistentHash).route(request(3), pool))
    expect(() => create(consistentHash, { key: 'tenant' })).toThrow('router.options.key')
  })
})

type Place = ReturnType<NonNullable<PoolView['adapterPlace']>>
type Standing = readonly [load: number, place: Place, freeSlots: number]

/** Replicas with so many unfinished requests, where the adapter is, and how many slots are free. */
function poolWith(...replicas: readonly Standing[]): PoolView {
  return {
    ...poolOf(Object.fromEntries(replicas.map(([load], i) => [i, load]))),
    adapterPlace: (replica) => replicas[replica]![1],
    freeAdapterSlots: (replica) => replicas[replica]![2],
  }
}

describe('lora-affinity', () => {
  it('names the least loaded of those that have the adapter', () => {
    const router = create(loraAffinity)
    const pool = poolWith(
      [9, 'running', 0],
      [5, 'resident', 1],
      [7, 'waiting', 0],
      [0, 'absent', 4],
    )
    expect(router.route(request(), pool)).toBe(1)
  })

  it('names one with a free slot where none has it, and any where there is none', () => {
    const router = create(loraAffinity)
    expect(router.route(request(), poolWith([1, 'absent', 0], [9, 'absent', 1]))).toBe(1)
    expect(router.route(request(), poolWith([8, 'absent', -1], [1, 'absent', 0]))).toBe(1)
    expect(router.route(request(), poolOf({ 0: 5, 1: 2 }))).toBe(1)
  })

  it('sometimes prefers a free slot, so that popular adapters spread', () => {
    const router = create(loraAffinity, { affinity_threshold: 0.75 })
    const pool = poolWith([5, 'running', 0], [0, 'absent', 2])
    const chosen = Array.from({ length: 4000 }, () => router.route(request(), pool))
    expect(chosen.filter((replica) => replica === 1).length / 4000).toBeCloseTo(0.25, 1)
  })

  it('passes over long queues while there are others', () => {
    const router = create(loraAffinity, { queue_threshold: 4 })
    expect(router.route(request(), poolWith([20, 'running', 0], [0, 'absent', 1]))).toBe(1)
    expect(router.route(request(), poolWith([20, 'running', 0], [30, 'absent', 1]))).toBe(0)
  })

  it('takes equals in turn', () => {
    const router = create(loraAffinity)
    const pool = poolWith([0, 'resident', 0], [0, 'resident', 0], [0, 'resident', 0])
    expect([1, 2, 3, 4].map(() => router.route(request(), pool))).toEqual([0, 1, 2, 0])
  })
})

describe('weighted with adapters', () => {
  it('scores 1 in use or in memory, 0.8 for a slot, 0.6 for a queue that waits for it', () => {
    const only = { queue_weight: 0, kv_weight: 0, prefix_weight: 0 }
    const best = (...replicas: readonly Standing[]) =>
      create(weighted, only).route(request(), poolWith(...replicas))
    expect(best([0, 'absent', 1], [0, 'resident', 0])).toBe(1)
    expect(best([0, 'waiting', 0], [0, 'absent', 1])).toBe(1)
    expect(best([0, 'absent', 0], [0, 'waiting', 0])).toBe(1)
    const none = { ...only, lora_weight: 0 }
    expect(
      create(weighted, none).route(request(), poolWith([0, 'absent', 0], [0, 'running', 0])),
    ).toBe(0)
  })
})
