import type { CostModel, RequestSource, Scheduler } from '@llmsim/contracts'
import { drawExponential, drawNormal, type RandomStream, randomStream } from '@llmsim/engine'
import { random } from '@llmsim/routers'
import { defaultSchedulerOptions, greedy } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { arrivalSampler } from '@llmsim/workloads'
import { describe, expect, it } from 'vitest'

const customers = 60_000
/** Runs of each queue, each with a seed of its own, and batches of customers in each run. */
const seeds = [1, 2, 3, 4]
const batches = 20
/** Student's t of 79 degrees of freedom: a 99 % interval of the mean of all batches. */
const student = 2.64

/** A prompt token takes a ten-thousandth of the mean service time, so that rounding is nothing. */
const tokensPerSecond = 1e4
const byPromptLength: CostModel = {
  name: 'by prompt length',
  step(work, into) {
    into.seconds = work.prefillTokens / tokensPerSecond
    into.growth = 0
    into.horizon = 1
  },
  breakdown: () => [],
}

/** A service time of mean 1 s, and its second moment. */
interface Service {
  readonly secondMoment: number
  draw(stream: RandomStream): number
}

const variation = 1.5
const sigma = Math.sqrt(Math.log(1 + variation ** 2))
const services: Record<string, Service> = {
  'M/M/1': { secondMoment: 2, draw: drawExponential },
  'M/D/1': { secondMoment: 1, draw: () => 1 },
  'M/G/1, log-normal': {
    secondMoment: 1 + variation ** 2,
    draw: (stream) => Math.exp(sigma * drawNormal(stream) - sigma ** 2 / 2),
  },
}

function sourceOf(ratePerSecond: number, service: Service, seed: number): RequestSource {
  const gap = arrivalSampler({ process: 'poisson', ratePerSecond }, randomStream(seed, 'arrivals'))
  const lengths = randomStream(seed, 'services')
  let clock = 0
  return {
    next(into) {
      clock += gap()
      into.arrivalSeconds = clock
      into.promptTokens = Math.max(1, Math.round(service.draw(lengths) * tokensPerSecond))
      into.outputTokens = 1
      into.sessionId = -1
      into.priority = 0
      return true
    },
  }
}

/** The waits of a whole run, from the built-in scheduler's starts, as means of batches. */
function waitsOf(load: number, service: Service, replicas: number, seed: number): number[] {
  const sums = new Float64Array(batches)
  let started = 0
  const observed = (): Scheduler => {
    const scheduler = greedy.create({ ...defaultSchedulerOptions, maxBatchSize: 1 })
    return {
      name: scheduler.name,
      plan(view, plan) {
        const wait = view.nowSeconds - view.arrivalSeconds(view.firstWaiting())
        const batch = Math.floor((started++ * batches) / customers)
        sums[batch] = sums[batch]! + wait
        scheduler.plan(view, plan)
      },
    }
  }
  const choices = randomStream(seed, 'router')
  const result = simulate({
    pools: [
      {
        name: 'servers',
        role: 'mixed',
        replicas,
        devicesPerReplica: 1,
        stages: 1,
        costModel: byPromptLength,
        createScheduler: observed,
        router: random.create({ random: () => choices.next(), extra: {} }),
        memory: { kvBlocks: 1000, blockSize: 4096, bytesPerBlock: 1, staticBytes: 1 },
        power: { idleWatts: 1, prefillWatts: 1, decodeWatts: 1 },
      },
    ],
    source: sourceOf(load * replicas, service, seed),
    maxRequests: customers,
    durationSeconds: Infinity,
    warmUpSeconds: 0,
  })
  const waits = Array.from(sums, (sum) => (sum * batches) / customers)
  expect(result.completed_requests).toBe(customers)
  expect(started).toBe(customers)
  // The reported queue time is this wait, and a response is a wait and a service.
  expect(result.queue_time.mean! / mean(waits)).toBeCloseTo(1, 9)
  const { mean_in_system, rate_times_latency } = result.littles_law
  expect(mean_in_system / rate_times_latency).toBeCloseTo(1, 9)
  const arrivalRate = customers / result.simulation_time
  expect(mean_in_system / (arrivalRate * result.end_to_end_latency.mean!)).toBeCloseTo(1, 9)
  expect(Math.abs(result.xpu_utilization - load)).toBeLessThan(0.04)
  return waits
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function expectTheory(load: number, service: Service, replicas = 1): void {
  const waits = seeds.flatMap((seed) => waitsOf(load, service, replicas, seed))
  // Pollaczek and Khinchine, for a mean service of a second.
  const expected = (load * service.secondMoment) / (2 * (1 - load))
  const observed = mean(waits)
  const variance = mean(waits.map((wait) => (wait - observed) ** 2))
  const halfWidth = student * Math.sqrt(variance / (waits.length - 1))
  expect(Math.abs(observed - expected), `${observed} s for ${expected} s`).toBeLessThan(halfWidth)
  // The interval says something: it is narrow.
  expect(halfWidth).toBeLessThan(0.15 * expected)
}

describe.each(Object.entries(services))('%s by the whole simulator', (_name, service) => {
  it.each([0.3, 0.7, 0.9])('waits as Pollaczek and Khinchine say, at a load of %d', (load) => {
    expectTheory(load, service)
  })
})

describe('four M/M/1 queues behind the random router', () => {
  it.each([0.3, 0.7, 0.9])('wait as one does, at a load of %d', (load) => {
    expectTheory(load, services['M/M/1']!, 4)
  })
})
