import { describe, expect, it } from 'vitest'
import type { AutoscalingSpec, SimulationResult } from '@llmsim/contracts'
import { runAt, scaledPool } from './testing/scaled-run.js'

/** One request a second of ten decode steps, of which each takes `stepSeconds`. */
function run(
  autoscaling: Partial<AutoscalingSpec>,
  requests: readonly number[],
  stepSeconds: number,
): SimulationResult {
  return runAt(scaledPool(autoscaling, stepSeconds), requests)
}

const everySecond = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)

describe('autoscaling', () => {
  it('comes to the load over the target', () => {
    // A load of one replica's time, of which each is to be busy half: two of them.
    const { autoscaling } = run({}, everySecond(0, 400), 0.1).pools[0]!
    expect(autoscaling).toMatchObject({ peak_replicas: 2, scale_ups: 1, scale_downs: 0 })
    // One until 10 s, and two from then on, their start paid as well.
    expect(autoscaling?.replica_seconds).toBeCloseTo(10 + 2 * 390, 0)
  })

  it('adds as many as a burst needs, and takes them away again when it is over', () => {
    const burst = [...everySecond(0, 60).flatMap((t) => [t, t, t]), ...everySecond(60, 300)]
    const result = run(
      { target: 0.75 },
      burst.map((t, i) => t + i * 1e-6),
      0.05,
    )
    const { autoscaling } = result.pools[0]!
    expect(autoscaling?.peak_replicas).toBeGreaterThanOrEqual(2)
    expect(autoscaling?.scale_downs).toBe(autoscaling!.scale_ups)
    expect(result.completed_requests).toBe(burst.length)
    // A dollar a second and replica: what is paid is the mean number of them.
    expect(result.cost?.usd_per_hour).toBeCloseTo(3600 * autoscaling!.mean_replicas, 6)
    expect(autoscaling!.mean_replicas).toBeLessThan(2)
  })

  it('keeps the queue to its target', () => {
    const burst = Array.from({ length: 40 }, (_, i) => i * 1e-3)
    const { pools } = run({ signal: 'queue', target: 10 }, [...burst, 200], 0.1)
    // 29 wait at 10 s: three replicas, of which two are new.
    expect(pools[0]!.autoscaling).toMatchObject({ scale_ups: 2, peak_replicas: 3 })
  })

  it('never goes below the least, and stays there without load', () => {
    const { pools } = run({ minReplicas: 2, initialReplicas: 4 }, [0, 500], 0.01)
    expect(pools[0]!.autoscaling).toMatchObject({ peak_replicas: 4, scale_ups: 0, scale_downs: 2 })
  })
})
