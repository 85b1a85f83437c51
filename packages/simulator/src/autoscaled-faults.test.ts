/** Replicas that break while they come and go, by hand. */
import type { AutoscalingSpec, FaultSpec, SimulationResult } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { runAt, scaledPool } from './testing/scaled-run.js'

/** A signal that never asks for more than the fewest. */
const fewest = { signal: 'queue', target: 1000 } as const

function run(
  autoscaling: Partial<AutoscalingSpec>,
  fault: Partial<FaultSpec>,
  arrivals: readonly number[],
  stepSeconds = 0.1,
): SimulationResult {
  const faults = {
    faults: [{ kind: 'replica', pool: 0, ...fault } as const],
    maxRetries: 3,
    seed: 1,
  }
  const pool = { ...scaledPool(autoscaling, stepSeconds), devicesPerNode: 2 }
  const result = runAt(pool, arrivals, { faults })
  const { total_requests, completed_requests, failed_requests = 0 } = result
  expect(completed_requests + failed_requests).toBe(total_requests)
  return result
}

const every = (seconds: number, end: number): number[] =>
  Array.from({ length: Math.floor(end / seconds) }, (_, i) => i * seconds)

/** Replica seconds beyond those of so many replicas over the whole run. */
function beyond(result: SimulationResult, replicas: number): number {
  return result.pools[0]!.autoscaling!.replica_seconds - replicas * result.simulation_time
}

describe('a replica that breaks and is scaled', () => {
  const two = { ...fewest, minReplicas: 2, initialReplicas: 2 }
  const first = { replica: 0, atSeconds: 15, durationSeconds: 100 }

  it('counts as one of those that there are while it is down', () => {
    const result = run({ ...two, replaceAfterSeconds: Infinity }, first, every(1, 200))
    expect(result.pools[0]!.autoscaling).toMatchObject({ scale_ups: 0, replacements: 0 })
    expect(beyond(result, 2)).toBeCloseTo(0, 9)
    // Down for 100 s, and 2 s until it has its weights.
    const down = 102 / (2 * result.simulation_time)
    expect(result.pools[0]!.availability).toBeCloseTo(1 - down, 9)
  })

  it('is replaced at the first look at which it has been down for too long', () => {
    const result = run({ ...two, replaceAfterSeconds: 20 }, first, every(1, 200))
    expect(result.pools[0]!.autoscaling).toMatchObject({
      scale_ups: 1,
      scale_downs: 0,
      replacements: 1,
      peak_replicas: 2,
    })
    // From 40 s on the other one is paid in its place, and it does not come back beside that one.
    expect(beyond(result, 2)).toBeCloseTo(0, 9)
    expect(result.pools[0]!.availability).toBeCloseTo(1 - 25 / (2 * result.simulation_time), 9)
    expect(result.pools[0]!.per_replica.map(({ requests }) => requests > 0)).toEqual([
      true,
      true,
      true,
      false,
    ])
  })

  it('is replaced after 300 s unless that is said otherwise', () => {
    const long = { ...first, durationSeconds: 1000 }
    const { autoscaling } = run(two, long, every(1, 400)).pools[0]!
    expect(autoscaling?.replacements).toBe(1)
    expect(run(two, long, every(1, 310)).pools[0]!.autoscaling?.replacements).toBe(0)
  })

  it('is waited for where there is no other place', () => {
    const all = { ...fewest, minReplicas: 4, initialReplicas: 4, replaceAfterSeconds: 0 }
    const result = run(all, first, every(1, 200))
    expect(result.pools[0]!.autoscaling).toMatchObject({ scale_ups: 0, replacements: 0 })
    expect(beyond(result, 4)).toBeCloseTo(0, 9)
  })

  it('goes before those that serve', () => {
    // Busy for 1.4 replicas' time, of which each is to be busy half: three of them.
    const fault = { replica: 1, atSeconds: 5, durationSeconds: 1000 }
    const result = run({ initialReplicas: 4 }, fault, every(1 / 1.4, 300))
    expect(result.pools[0]!.autoscaling).toMatchObject({ scale_ups: 0, scale_downs: 1 })
    expect(beyond(result, 3)).toBeCloseTo(20, 9)
  })

  it.each([
    ['while its devices are provided, and is repaired before', 12, 0.5, 15],
    ['while its devices are provided, and is repaired after', 12, 4, 18],
    ['while it loads its weights', 14, 6, 22],
  ])('starts again: %s', (_when, atSeconds, durationSeconds, ready) => {
    const fault = { replica: 1, atSeconds, durationSeconds }
    const { pools } = run({}, fault, every(1, 300))
    expect(pools[0]!.autoscaling).toMatchObject({ scale_ups: 1, replacements: 0 })
    const { replica_seconds: paid } = pools[0]!.autoscaling!
    expect(pools[0]!.availability).toBeCloseTo(1 - (ready - atSeconds) / paid, 9)
  })

  it('is given back at once when it was to go, and what it had is served elsewhere', () => {
    const fault = { replica: 1, atSeconds: 25, durationSeconds: 5 }
    const result = run({ ...fewest, initialReplicas: 2 }, fault, [0, 0.5], 4)
    expect(result.faults).toMatchObject({ replica_faults: 1, retried_requests: 1 })
    expect(result.pools[0]!.autoscaling).toMatchObject({ scale_downs: 1, scale_ups: 0 })
    expect(beyond(result, 1)).toBeCloseTo(25, 9)
  })

  it('is brought up beside one that is down by those that wait for any', () => {
    const fault = { replica: 0, atSeconds: 5, durationSeconds: 1000 }
    const scaling = { signal: 'queue', target: 1, replaceAfterSeconds: Infinity } as const
    const result = run(scaling, fault, [6, 7, 8, 9])
    expect(result.pools[0]!.autoscaling).toMatchObject({ scale_ups: 3, replacements: 0 })
    expect(result.completed_requests).toBe(4)
    expect(result.simulation_time).toBeLessThan(30)
  })

  it('does not come up in a place that is broken', () => {
    const node = { kind: 'node', node: 1, atSeconds: 1, durationSeconds: 100 } as const
    const { pools, faults } = run({ target: 0.1 }, node, every(0.5, 90))
    expect(pools[0]!.autoscaling?.peak_replicas).toBe(2)
    // Nothing was there to break.
    expect(faults?.replica_faults).toBe(0)
    expect(run({ target: 0.1 }, node, every(0.5, 200)).pools[0]!.autoscaling?.peak_replicas).toBe(4)
  })

  it('is one of those that there are when any may break', () => {
    const any = { atSeconds: 10, everySeconds: 10, durationSeconds: 1 }
    const { faults, simulation_time } = run({ ...fewest, maxReplicas: 1 }, any, every(1, 300))
    expect(faults?.replica_faults).toBe(Math.floor(simulation_time / 10))
  })

  it('ends the run where nobody will ever be there', () => {
    const lost = { replica: 0, atSeconds: 5 }
    const never = { replaceAfterSeconds: Infinity }
    const pool = scaledPool(never, 0.1)
    const faults = {
      faults: [{ kind: 'replica', pool: 0, ...lost } as const],
      maxRetries: 3,
      seed: 1,
    }
    const result = runAt(pool, [1, 6, 7], { faults })
    expect(result).toMatchObject({ completed_requests: 1, unfinished_requests: 2 })
    expect(result.simulation_time).toBeLessThan(20)
  })
})
