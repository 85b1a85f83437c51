/** What tiers of the prefix cache keep of a replica that breaks, by hand. */
import type { FaultSpec, KvTierSpec, SimulationResult } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'
import { tieredPool } from './testing/tiered-pool.js'

function tier(fields: Partial<KvTierSpec> = {}): KvTierSpec {
  return {
    name: 'tier',
    scope: 'replica',
    blocks: Infinity,
    bandwidthBytesPerSecond: 100,
    latencySeconds: 0,
    write: 'through',
    ...fields,
  }
}

/** The same prompt of 17 tokens at each of the times. */
function run(
  tiers: readonly KvTierSpec[],
  times: readonly number[],
  faults: readonly Partial<FaultSpec>[],
  replicas = 1,
): SimulationResult {
  const one = (stepByStep: boolean): SimulationResult => {
    let i = 0
    return simulate({
      pools: [
        {
          ...tieredPool(tiers, 100, replicas),
          router: { name: 'first', route: () => 0 },
        },
      ],
      source: {
        next(into) {
          const time = times[i++]
          if (time === undefined) return false
          into.arrivalSeconds = time
          into.promptTokens = 17
          into.outputTokens = 1
          into.promptBlocks = { ids: [7], count: 1, blockTokens: 16 }
          return true
        },
      },
      faults: {
        faults: faults.map((fault) => ({ kind: 'replica', pool: 0, ...fault })),
        maxRetries: 3,
        seed: 1,
      },
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      exactQuantiles: true,
      stepByStep,
    })
  }
  const result = one(false)
  expect(one(true)).toEqual(result)
  expect(result.completed_requests).toBe(times.length)
  return result
}

describe('a tier of a replica that breaks', () => {
  const broken = { atSeconds: 500, durationSeconds: 1, replica: 0 }
  const nodeFault = { kind: 'node', atSeconds: 500, durationSeconds: 1, node: 0 } as const

  it.each([
    ['is lost with it', tier(), broken, 0],
    ['is lost with it unless it says otherwise', tier({ survives: 'none' }), broken, 0],
    ['outlasts it in a process of its own', tier({ survives: 'replica' }), broken, 16],
    ['is lost with its node', tier({ survives: 'replica' }), nodeFault, 0],
    ['outlasts its node on a disk', tier({ survives: 'node' }), nodeFault, 16],
    ['outlasts it on a disk', tier({ survives: 'node' }), broken, 16],
    ['outlasts it where it is shared', tier({ scope: 'pool' }), nodeFault, 16],
  ])('%s', (_what, one, fault, found) => {
    const { prefix_cache: cache } = run([one], [0, 1000], [fault])
    // The devices have lost theirs whatever happens.
    expect(cache?.hit_tokens).toBe(found)
    expect(cache?.tiers[0]?.hit_tokens).toBe(found)
  })

  it('gives what is below it, and not what was in it alone', () => {
    const host = tier({ name: 'host', write: 'back' })
    const disk = tier({ name: 'disk', survives: 'node' })
    expect(run([host, disk], [0, 1000], [broken]).prefix_cache?.hit_tokens).toBe(16)
    const back = tier({ name: 'disk', survives: 'node', write: 'back' })
    expect(run([host, back], [0, 1000], [broken]).prefix_cache?.hit_tokens).toBe(0)
  })
})

describe('a request that reads from a tier when its replica breaks', () => {
  const store = tier({ scope: 'pool' })
  const lose = { replica: 0, atSeconds: 500, durationSeconds: 1 }

  it('hears of it at once, and reads again', () => {
    // It reads for 16 s, from 1000 s on, and is lost after 4 of them; the replica is there again a second later.
    const read = { replica: 0, atSeconds: 1004, durationSeconds: 1 }
    const result = run([store], [0, 1000], [lose, read])
    const { faults, prefix_cache: cache, end_to_end_latency: e2e } = result
    expect(faults).toMatchObject({ replica_faults: 2, retried_requests: 1, retries: 1 })
    expect(e2e.max).toBeCloseTo(5 + 16 + 1, 3)
    // Both readings were begun, and the link read for 4 s and for 16.
    expect(cache?.tiers[0]).toMatchObject({ hit_tokens: 16, read_bytes: 8 * 400 })
    const seconds = cache!.tiers[0]!.link_utilization * result.measured_window.end_s
    expect(seconds).toBeCloseTo(20, 9)
  })

  it('is served by another replica without waiting for the repair', () => {
    const read = { replica: 0, atSeconds: 1004, durationSeconds: 1e6 }
    const { faults, end_to_end_latency: e2e } = run([store], [0, 1000], [lose, read], 2)
    expect(faults?.retried_requests).toBe(1)
    expect(e2e.max).toBeCloseTo(4 + 16 + 1, 3)
  })
})
