import type { AutoscalingSpec, PoolSpec } from '@llmsim/contracts'
import type { Replica } from './replica.js'
import type { Timetable } from './timetable.js'

/** A relative error of sums that must not ask for one replica more. */
const ROUNDING = 1e-6

/** All attention ranks of one copy of the model: they come and go together. */
type Copy = readonly Replica[]

/** A pool whose replicas come and go. */
interface ScaledPool {
  readonly spec: PoolSpec
  readonly replicas: readonly Replica[]
  readonly copies: readonly Copy[]
  /** Takes note of which replicas can take requests. */
  refresh(): void
}

/**
 * Keeps the number of a pool's replicas to its load: looks at equal intervals, adds replicas at once, and takes
 * some away when the last change is long enough ago. One that goes takes no new requests, and is given back at
 * the first look at which it has none left.
 */
export class Autoscaler {
  scaleUps: number = 0
  scaleDowns: number = 0
  /** Most replicas that were paid for at one time. */
  peakReplicas: number
  readonly #spec: AutoscalingSpec
  readonly #pool: ScaledPool
  readonly #timetable: Timetable
  readonly #copies: readonly Copy[]
  #changedAt = 0
  /** Busy seconds of the pool at the last look. */
  #busyBefore = 0

  constructor(spec: AutoscalingSpec, pool: ScaledPool, timetable: Timetable) {
    this.#spec = spec
    this.#pool = pool
    this.#timetable = timetable
    this.#copies = pool.copies
    this.peakReplicas = spec.initialReplicas
    this.#copies.forEach((copy, i) => {
      for (const replica of copy)
        if (i < spec.initialReplicas) replica.provisioned.start(0)
        else replica.state = 'off'
    })
    pool.refresh()
    let looks = 0
    const number = timetable.enter((now) => {
      this.#look(now)
      timetable.at(number, ++looks * spec.intervalSeconds)
    })
    timetable.at(number, ++looks * spec.intervalSeconds)
  }

  #look(now: number): void {
    const { minReplicas, cooldownSeconds } = this.#spec
    for (const copy of this.#copies) if (isIdle(copy)) this.#giveBack(copy, now)
    const present = this.#in('available').length + this.#in('starting').length
    const most = this.#copies.length
    const wanted = Math.min(most, Math.max(minReplicas, this.#wanted(now)))
    if (wanted > present) this.#add(wanted - present, now)
    else if (wanted < present && now - this.#changedAt >= cooldownSeconds)
      this.#remove(present - wanted, now)
    this.#pool.refresh()
    const paid = most - this.#in('off').length
    if (paid > this.peakReplicas) this.peakReplicas = paid
  }

  /** Replicas with which the signal would be at its target. */
  #wanted(now: number): number {
    const { signal, target, intervalSeconds } = this.#spec
    let amount: number
    if (signal === 'queue')
      amount = this.#pool.replicas.reduce((sum, replica) => sum + replica.queued, 0)
    else {
      const busy = busySeconds(this.#pool, now)
      amount = (busy - this.#busyBefore) / intervalSeconds / (this.#copies[0]?.length ?? 1)
      this.#busyBefore = busy
    }
    return Math.ceil(amount / target - ROUNDING)
  }

  #add(count: number, now: number): void {
    this.#changedAt = now
    let left = count
    // One that is about to go is there already.
    for (const copy of this.#in('draining')) {
      if (left === 0) return
      for (const replica of copy) replica.state = 'available'
      left--
    }
    const { provisioningSeconds } = this.#spec
    const { startUpSeconds = 0 } = this.#pool.spec
    for (const copy of this.#in('off').slice(0, left)) {
      this.scaleUps++
      for (const replica of copy) {
        replica.state = 'starting'
        replica.provisioned.start(now)
      }
      this.#timetable.once(now + provisioningSeconds + startUpSeconds, () => {
        for (const replica of copy) if (replica.state === 'starting') replica.state = 'available'
        this.#pool.refresh()
      })
    }
  }

  #remove(count: number, now: number): void {
    const { minReplicas } = this.#spec
    const available = this.#in('available')
    const going = available
      .slice(minReplicas === 0 ? 0 : 1)
      .sort((a, b) => outstanding(a) - outstanding(b) || b[0]!.index - a[0]!.index)
      .slice(0, count)
    for (const copy of going) {
      this.scaleDowns++
      this.#changedAt = now
      for (const replica of copy) replica.state = 'draining'
      if (outstanding(copy) === 0) this.#giveBack(copy, now)
    }
  }

  #giveBack(copy: Copy, now: number): void {
    for (const replica of copy) {
      replica.state = 'off'
      // Its memory goes with it, of which nobody holds any.
      replica.sampleUntil(now)
      replica.cache?.clear()
      replica.adapters?.clear()
      replica.provisioned.stop(now)
    }
  }

  #in(state: Replica['state']): Copy[] {
    return this.#copies.filter(([first]) => first!.state === state)
  }
}

function isIdle(copy: Copy): boolean {
  return copy[0]!.state === 'draining' && outstanding(copy) === 0
}

function outstanding(copy: Copy): number {
  return copy.reduce((sum, replica) => sum + replica.outstanding, 0)
}

/** Seconds until `now` that the devices of a pool were busy, the segments that run included. */
function busySeconds({ replicas }: ScaledPool, now: number): number {
  let busy = 0
  for (const { lanes } of replicas)
    for (const lane of lanes) {
      busy += lane.totalPrefillSeconds + lane.totalDecodeSeconds
      if (lane.segment.active) busy += (now - lane.segment.start) * lane.busyShare
    }
  return busy
}
