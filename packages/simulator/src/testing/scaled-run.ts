import type {
  AutoscalingSpec,
  PoolSpec,
  RequestDraft,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { expect } from 'vitest'
import { simulate } from '../simulate.js'

/** A pool of four places, whose replicas serve one request at a time in steps of `stepSeconds`. */
export function scaledPool(autoscaling: Partial<AutoscalingSpec>, stepSeconds: number): PoolSpec {
  return {
    name: 'mixed',
    role: 'mixed',
    replicas: 4,
    devicesPerReplica: 1,
    stages: 1,
    costModel: {
      name: 'constant',
      step(_work, into) {
        into.seconds = stepSeconds
        into.growth = 0
        into.horizon = Infinity
      },
      breakdown: () => [],
    },
    createScheduler: () => ({
      name: 'one-at-a-time',
      plan(view, plan) {
        if (view.decoding > 0) {
          plan.decodeAll()
          plan.repeats = Infinity
          plan.ignoresArrivals = true
        } else if (view.waiting > 0) {
          const slot = view.firstWaiting()
          const left = view.prefillRemaining(slot)
          if (left > 0) plan.prefill(slot, left)
          else {
            plan.admit(slot)
            plan.decodeAll()
          }
        }
      },
    }),
    router: {
      name: 'least',
      route: (_request, view) => {
        let least = 0
        for (let i = 1; i < view.replicas; i++)
          if (view.outstanding(i) < view.outstanding(least)) least = i
        return least
      },
    },
    memory: { kvBlocks: 100, blockSize: 16, bytesPerBlock: 1, staticBytes: 1 },
    power: { idleWatts: 100, prefillWatts: 500, decodeWatts: 300 },
    deviceUsdPerHour: 3600,
    startUpSeconds: 2,
    autoscaling: {
      signal: 'utilization',
      target: 0.5,
      minReplicas: 1,
      initialReplicas: 1,
      intervalSeconds: 10,
      cooldownSeconds: 20,
      provisioningSeconds: 3,
      ...autoscaling,
    },
  }
}

/** Requests of ten decode steps at these times, in seconds; the same step by step. */
export function runAt(
  pool: PoolSpec,
  arrivals: readonly number[],
  more: Partial<SimulationSpec> = {},
): SimulationResult {
  const run = (stepByStep: boolean): SimulationResult => {
    let next = 0
    return simulate({
      pools: [pool],
      source: {
        next(into: RequestDraft) {
          const arrival = arrivals[next++]
          if (arrival === undefined) return false
          into.arrivalSeconds = arrival
          into.promptTokens = 10
          into.outputTokens = 10
          return true
        },
      },
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      exactQuantiles: true,
      ...more,
      stepByStep,
    })
  }
  const result = run(false)
  expect(run(true).pools.map(({ autoscaling }) => autoscaling)).toEqual(
    result.pools.map(({ autoscaling }) => autoscaling),
  )
  return result
}
