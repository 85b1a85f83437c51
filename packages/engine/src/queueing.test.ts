import { describe, expect, it } from 'vitest'
import { EventQueue, NO_EVENT } from './event-queue.js'
import { drawExponential } from './exponential-sampler.js'
import { FifoServer } from './fifo-server.js'
import { type RandomStream, randomStream } from './random-stream.js'

const customers = 200_000
/** Runs of each queue, each with a seed of its own, and batches of customers in each run. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const batches = 20
/** Student's t of 199 degrees of freedom: a 99 % interval of the mean of all batches. */
const student = 2.601

/** A service time of mean 1, and its second moment. */
interface Service {
  readonly secondMoment: number
  draw(stream: RandomStream): number
}

const services: Record<string, Service> = {
  'M/M/1': { secondMoment: 2, draw: drawExponential },
  'M/D/1': { secondMoment: 1, draw: () => 1 },
  // One of two exponentials, of means 0.5 and 3, so that the mean is 1 and the service bursty.
  'M/G/1': {
    secondMoment: 0.8 * 2 * 0.5 ** 2 + 0.2 * 2 * 3 ** 2,
    draw: (stream) => (stream.next() < 0.8 ? 0.5 : 3) * drawExponential(stream),
  },
}

interface Observed {
  /** Mean wait of each batch of customers, in order. */
  readonly waits: number[]
  /** Customers waiting, integrated over time, by the time. */
  readonly meanWaiting: number
  readonly arrivalRate: number
  readonly busyShare: number
}

const ARRIVAL = -1

/** A queue with one server, made of the engine's parts alone. */
function simulateQueue(load: number, service: Service, seed: number): Observed {
  const arrivals = randomStream(seed, 'arrivals')
  const lengths = randomStream(seed, 'services')
  const queue = new EventQueue()
  const server = new FifoServer()
  const sums = new Float64Array(batches)
  let arrived = 0
  let waiting = 0
  let waitingTime = 0
  let before = 0
  queue.schedule(drawExponential(arrivals) / load, 0, ARRIVAL)
  while (queue.pop() !== NO_EVENT) {
    const { now } = queue
    waitingTime += waiting * (now - before)
    before = now
    if (queue.tag !== ARRIVAL) {
      waiting--
      continue
    }
    const starts = Math.max(now, server.freeAt)
    server.serve(now, service.draw(lengths))
    const batch = Math.floor((arrived * batches) / customers)
    sums[batch] = sums[batch]! + starts - now
    waiting++
    queue.schedule(starts, 1, arrived)
    if (++arrived < customers) queue.schedule(now + drawExponential(arrivals) / load, 0, ARRIVAL)
  }
  return {
    waits: Array.from(sums, (sum) => (sum * batches) / customers),
    meanWaiting: waitingTime / before,
    arrivalRate: customers / before,
    busyShare: server.busySeconds / before,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

describe.each(Object.entries(services))('%s of events and a server', (name, service) => {
  it.each([0.3, 0.7, 0.9])('waits as Pollaczek and Khinchine say, at a load of %d', (load) => {
    const runs = seeds.map((seed) => simulateQueue(load, service, seed))
    const expected = (load * service.secondMoment) / (2 * (1 - load))
    const waits = runs.flatMap((run) => run.waits)
    const wait = mean(waits)
    const variance = mean(waits.map((each) => (each - wait) ** 2))
    const halfWidth = student * Math.sqrt(variance / (waits.length - 1))
    expect(Math.abs(wait - expected), `${name}: ${wait} s for ${expected} s`).toBeLessThan(
      halfWidth,
    )
    // The interval says something: it is narrow.
    expect(halfWidth).toBeLessThan(0.06 * expected)
    for (const { waits: own, meanWaiting, arrivalRate, busyShare } of runs) {
      // Little's law for those who wait; exact, as the queue is empty in the end.
      expect(meanWaiting / (arrivalRate * mean(own))).toBeCloseTo(1, 9)
      expect(Math.abs(busyShare - load)).toBeLessThan(0.02)
    }
  })
})
