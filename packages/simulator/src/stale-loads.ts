import type { Replica } from './replica.js'
import type { Timetable } from './timetable.js'

/** Samples in the time that loads take to reach the router. */
const SAMPLES = 4

/** The loads of a pool's replicas at one time. */
class Sample {
  time: number = -Infinity
  readonly outstanding: Float64Array
  readonly queued: Float64Array
  readonly usedBlocks: Float64Array

  constructor(replicas: number) {
    this.outstanding = new Float64Array(replicas)
    this.queued = new Float64Array(replicas)
    this.usedBlocks = new Float64Array(replicas)
  }
}

/**
 * What a router knows of loads that take a while to reach it: samples at equal intervals, of which the newest
 * counts that is old enough. A replica is idle before the first one.
 */
export class StaleLoads {
  /** The sample that counts now. */
  seen: Sample
  readonly #delay: number
  /** The newest last, from `#newest` backwards around. */
  readonly #ring: readonly Sample[]
  #newest = 0

  constructor(replicas: readonly Replica[], delaySeconds: number, timetable: Timetable) {
    this.#delay = delaySeconds
    // One more that is not old enough yet, and one for the rounding of times.
    this.#ring = Array.from({ length: SAMPLES + 3 }, () => new Sample(replicas.length))
    this.seen = this.#ring[0]!
    const interval = delaySeconds / SAMPLES
    let count = 0
    const number = timetable.enter((now) => {
      this.#take(replicas, now)
      timetable.at(number, ++count * interval)
    })
    timetable.at(number, 0)
  }

  /** Sets which sample counts. */
  lookAt(now: number): void {
    const ring = this.#ring
    for (let back = 0; back < ring.length; back++) {
      const sample = ring[(this.#newest + ring.length - back) % ring.length]!
      this.seen = sample
      if (sample.time <= now - this.#delay) return
    }
  }

  #take(replicas: readonly Replica[], now: number): void {
    this.#newest = (this.#newest + 1) % this.#ring.length
    const sample = this.#ring[this.#newest]!
    sample.time = now
    for (const replica of replicas) {
      sample.outstanding[replica.index] = replica.outstanding
      sample.queued[replica.index] = replica.queued
      sample.usedBlocks[replica.index] = replica.usedBefore(now)
    }
  }
}
