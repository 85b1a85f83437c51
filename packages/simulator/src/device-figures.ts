import type { PoolFigures, SimulationResult, UtilizationSplit } from '@llmsim/contracts'
import type { BusyShares, DeviceUse } from './device-use.js'
import type { Pool } from './pool.js'
import { pipelineOf } from './time-figures.js'

/** How busy a pool was in a measured window of so many seconds. */
export function busyShares(pool: Pool, windowSeconds: number): BusyShares {
  const { replicas } = pool
  const all = windowSeconds * replicas.length
  let prefill = 0
  let decode = 0
  for (const replica of replicas)
    for (const lane of replica.lanes) {
      prefill += lane.prefillSeconds
      decode += lane.decodeSeconds
    }
  const share = (part: number): number => (all > 0 ? Math.min(1, part / all) : 0)
  // The bubble is that of the whole run.
  const { pipeline = { bubble: 0 } } = pipelineOf(pool)
  const inFlight = pipeline.bubble < 1 ? (prefill + decode) / (1 - pipeline.bubble) : 0
  return { prefill: share(prefill), decode: share(decode), inFlight: share(inFlight) }
}

/** The figures of a pool's devices. */
export function useFigures(
  { spec }: Pool,
  use: DeviceUse | undefined,
): Pick<PoolFigures, 'split' | 'mfu' | 'mbu'> {
  if (use === undefined) return {}
  const { devicePeak } = spec
  return {
    split: use.split,
    ...(devicePeak === undefined
      ? {}
      : {
          mfu: Math.min(1, use.flopPerSecond / devicePeak.flopPerSecond),
          mbu: Math.min(1, use.bytesPerSecond / devicePeak.bytesPerSecond),
        }),
  }
}

/** The same of all devices, each pool by what it has. */
export function wholeUse(
  pools: readonly Pool[],
  uses: readonly (DeviceUse | undefined)[],
): Pick<SimulationResult, 'utilization' | 'mfu' | 'mbu'> {
  const utilization: UtilizationSplit = {
    compute: 0,
    memory: 0,
    communication: 0,
    overhead: 0,
    bubble: 0,
    idle: 0,
  }
  const devices = pools.map(({ spec }) => spec.replicas * spec.devicesPerReplica)
  const all = devices.reduce((sum, count) => sum + count, 0)
  const done = { flop: 0, bytes: 0 }
  const most = { flop: 0, bytes: 0 }
  for (const [i, use] of uses.entries()) {
    if (use === undefined) return {}
    const count = devices[i]!
    for (const key of Object.keys(utilization) as (keyof UtilizationSplit)[])
      utilization[key] = Math.min(1, utilization[key] + (use.split[key] * count) / all)
    const { devicePeak } = pools[i]!.spec
    done.flop += use.flopPerSecond * count
    done.bytes += use.bytesPerSecond * count
    most.flop += (devicePeak?.flopPerSecond ?? NaN) * count
    most.bytes += (devicePeak?.bytesPerSecond ?? NaN) * count
  }
  if (!(most.flop > 0 && most.bytes > 0)) return { utilization }
  return {
    utilization,
    mfu: Math.min(1, done.flop / most.flop),
    mbu: Math.min(1, done.bytes / most.bytes),
  }
}
