/** Replicas that come and go with the share of requests that meet their limits. */
import type { AutoscalingSpec, SimulationSpec } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { runAt, scaledPool } from './testing/scaled-run.js'

/** A request takes a second; `perSecond` of them come evenly until `end`. */
function arrivals(perSecond: number, end: number, start = 0): number[] {
  return Array.from(
    { length: Math.round(perSecond * (end - start)) },
    (_, i) => start + i / perSecond,
  )
}

const slo: Partial<AutoscalingSpec> = { signal: 'slo', target: 0.9, windowSeconds: 30 }

function run(
  scaling: Partial<AutoscalingSpec>,
  times: readonly number[],
  more: Partial<SimulationSpec>,
): ReturnType<typeof runAt> {
  return runAt(scaledPool({ ...slo, ...scaling }, 0.1), times, more)
}

describe('the signal slo', () => {
  const objectives = { ttftSeconds: 0.5 }

  it('adds replicas while too few requests meet a limit, and no more than are needed', () => {
    // Three replicas serve 2.5 requests a second, two do not.
    const { pools } = run({}, arrivals(2.5, 1500), { objectives, warmUpSeconds: 500 })
    const { mean_replicas: mean, peak_replicas: peak } = pools[0]!.autoscaling!
    expect(peak).toBe(4)
    expect(mean).toBeGreaterThan(3)
    expect(mean).toBeLessThan(3.5)
  })

  it('does not take one away again that it has learned to need', () => {
    const short = run({}, arrivals(2.5, 500), { objectives }).pools[0]!.autoscaling!
    const long = run({}, arrivals(2.5, 900), { objectives }).pools[0]!.autoscaling!
    expect(short.scale_downs).toBeGreaterThan(0)
    expect(long.scale_downs).toBe(short.scale_downs)
  })

  it('keeps those that there are while the target is met, but not with ease', () => {
    // Alone, a request has its first token after 0.1 s.
    const idle = arrivals(0.1, 600)
    const initialReplicas = 3
    const met = run({ initialReplicas }, idle, { objectives: { ttftSeconds: 0.12 } })
    expect(met.pools[0]!.autoscaling).toMatchObject({ scale_ups: 0, scale_downs: 0 })
    const easy = run({ initialReplicas }, idle, { objectives: { ttftSeconds: 0.13 } })
    expect(easy.pools[0]!.autoscaling).toMatchObject({ scale_ups: 0, scale_downs: 2 })
    const wide = { initialReplicas, scaleDownAt: 0.9 }
    const wider = run(wide, idle, { objectives: { ttftSeconds: 0.12 } })
    expect(wider.pools[0]!.autoscaling?.scale_downs).toBe(2)
  })

  it('goes by the share that a quantile names, whatever the target', () => {
    const percentiles = [{ metric: 'ttft', quantile: 0.5, limitSeconds: 0.15 } as const]
    // Of two that come together one waits for the other: half of them are served at once.
    const pairs = arrivals(0.2, 600).flatMap((time) => [time, time + 1e-3])
    const never = { target: 0.9, scaleDownAt: 1e-3 }
    const half = run(never, pairs, { objectives: { percentiles } })
    expect(half.pools[0]!.autoscaling?.scale_ups).toBe(0)
    const more = [{ ...percentiles[0]!, quantile: 0.8 }]
    expect(
      run(never, pairs, { objectives: { percentiles: more } }).pools[0]!.autoscaling?.scale_ups,
    ).toBe(1)
  })

  it('holds a decode pool to what it can do something about', () => {
    const pool = scaledPool(slo, 0.1)
    const pools = [
      { ...pool, name: 'prefill', role: 'prefill' as const },
      { ...pool, name: 'decode', role: 'decode' as const },
    ]
    const kvTransfer = { bandwidthBytesPerSecond: 1e12, latencySeconds: 0, bytesPerToken: 1 }
    const of = (objectives: SimulationSpec['objectives']): (number | undefined)[] =>
      runAt(pool, arrivals(0.9, 300), {
        pools,
        kvTransfer,
        objectives: { ttftSeconds: 100, tpotSeconds: 100, ...objectives },
      }).pools.map(({ autoscaling }) => autoscaling?.scale_ups)
    expect(of({})).toEqual([0, 0])
    expect(of({ ttftSeconds: 0.01 })).toEqual([3, 0])
    expect(of({ tpotSeconds: 0.01 })).toEqual([0, 3])
  })

  it('takes them away while nothing comes', () => {
    const busy = arrivals(3, 100)
    const { pools } = run({}, [...busy, 1000], { objectives })
    expect(pools[0]!.autoscaling?.scale_downs).toBe(3)
  })

  it('is refused where there is no limit to go by', () => {
    expect(() => run({}, [0], {})).toThrow(/pools\[0\]\.autoscaling\.signal/)
    expect(() => run({ target: 1.5 }, [0], { objectives })).toThrow(/share of at most 1/)
  })
})
