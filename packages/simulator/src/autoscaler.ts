import type { AutoscalingSpec } from '@llmsim/contracts'
import type { Replica } from './replica.js'
import type { Copy, ScaledPool } from './scaled-pool.js'
import type { ScalingSignal } from './scaling-signal.js'
import { startUp, type StartUpParts } from './start-up.js'

/** Seconds after which another replica takes the place of one that broke, unless a pool says it. */
const REPLACE_AFTER = 300

/**
 * Keeps the number of a pool's replicas to its load: looks at equal intervals, adds replicas at once, and takes
 * some away when the last change is long enough ago. One that goes takes no new requests, and is given back at
 * the first look at which it has none left.
 *
 * As in Kubernetes, how many there are to be is one thing, and that they are there is another. One that is down
 * counts as one of them, without any load, until it has been down for so long that another takes its place;
 * of those that go it is the first; and one that breaks while it goes does not come back.
 */
export class Autoscaler {
  scaleUps: number = 0
  scaleDowns: number = 0
  /** Broken replicas that others took the place of. */
  replacements: number = 0
  /** Most replicas that were paid for at one time. */
  peakReplicas: number
  readonly #spec: AutoscalingSpec
  readonly #pool: ScaledPool
  readonly #signal: ScalingSignal
  readonly #parts: StartUpParts
  readonly #copies: readonly Copy[]
  /** How many there are to be. */
  #desired: number
  #changedAt = 0

  constructor(spec: AutoscalingSpec, pool: ScaledPool, signal: ScalingSignal, parts: StartUpParts) {
    this.#spec = spec
    this.#pool = pool
    this.#signal = signal
    this.#parts = parts
    this.#copies = pool.copies
    this.#desired = spec.initialReplicas
    this.peakReplicas = spec.initialReplicas
    this.#copies.forEach((copy, i) => {
      for (const replica of copy)
        if (i < spec.initialReplicas) replica.provisioned.start(0)
        else replica.state = 'off'
    })
    pool.refresh()
    const { timetable } = parts
    let looks = 0
    const number = timetable.enter((now) => {
      this.#look(now)
      timetable.at(number, ++looks * spec.intervalSeconds)
    })
    timetable.at(number, ++looks * spec.intervalSeconds)
  }

  /** Whether there may be a replica some time, whatever becomes of those that there are. */
  get hasHope(): boolean {
    const { signal, replaceAfterSeconds = REPLACE_AFTER } = this.#spec
    if (replaceAfterSeconds < Infinity) return true
    return signal !== 'utilization' && this.#desired < this.#most
  }

  #look(now: number): void {
    const { minReplicas, cooldownSeconds } = this.#spec
    for (const copy of this.#copies) if (isIdle(copy)) this.#giveBack(copy, now)
    this.#replace(now)
    const signalled = this.#signal.wanted(now, this.#desired, this.#in('starting').some(isNew))
    const wanted = Math.min(this.#most, Math.max(minReplicas, signalled))
    if (wanted > this.#desired) {
      this.#changedAt = now
      this.#desired = wanted
    } else if (wanted < this.#desired && now - this.#changedAt >= cooldownSeconds)
      this.#remove(this.#desired - wanted, now)
    this.#add(this.#desired - this.#present, now)
    this.#pool.refresh()
    const paid = this.#copies.length - this.#in('off').length
    if (paid > this.peakReplicas) this.peakReplicas = paid
  }

  get #most(): number {
    return this.#spec.maxReplicas ?? this.#copies.length
  }

  /** Those that count as there. */
  get #present(): number {
    return this.#copies.length - this.#in('off').length - this.#in('draining').length
  }

  /** Places that a replica could be brought up in. */
  get #free(): Copy[] {
    return this.#in('off').filter(([first]) => first!.faults === 0)
  }

  /** Gives those up that have been down for too long, as far as there are others to take their place. */
  #replace(now: number): void {
    const { replaceAfterSeconds = REPLACE_AFTER } = this.#spec
    const gone = this.#in('down').filter(([first]) => now - first!.brokeAt >= replaceAfterSeconds)
    // Places that are not taken by those that are to come anyway.
    const free = this.#free.length + this.#in('draining').length - (this.#desired - this.#present)
    for (const copy of gone.slice(0, Math.max(0, free))) {
      this.replacements++
      this.#giveBack(copy, now)
    }
  }

  #add(count: number, now: number): void {
    let left = count
    // One that is about to go is there already.
    for (const copy of this.#in('draining')) {
      if (left <= 0) return
      for (const replica of copy) replica.state = 'available'
      left--
      this.#pool.refresh()
      for (const replica of copy) this.#parts.available(replica)
    }
    if (left <= 0) return
    const { provisioningSeconds } = this.#spec
    const { startUpSeconds = 0 } = this.#pool.spec
    for (const copy of this.#free.slice(0, left)) {
      this.scaleUps++
      for (const replica of copy) {
        replica.provisioned.start(now)
        replica.thereAt = now + provisioningSeconds
      }
      startUp(copy, now, now + provisioningSeconds + startUpSeconds, this.#parts)
    }
  }

  #remove(count: number, now: number): void {
    const { minReplicas } = this.#spec
    const down = this.#in('down').reverse()
    const available = this.#in('available')
      .slice(minReplicas === 0 ? 0 : 1)
      .sort((a, b) => outstanding(a) - outstanding(b) || b[0]!.index - a[0]!.index)
    for (const copy of [...down, ...available].slice(0, count)) {
      this.scaleDowns++
      this.#desired--
      this.#changedAt = now
      if (copy[0]!.state === 'available') for (const replica of copy) replica.state = 'draining'
      if (outstanding(copy) === 0) this.#giveBack(copy, now)
    }
  }

  #giveBack(copy: Copy, now: number): void {
    for (const replica of copy) replica.giveBack(now)
  }

  #in(state: Replica['state']): Copy[] {
    return this.#copies.filter(([first]) => first!.state === state)
  }
}

function isIdle(copy: Copy): boolean {
  return copy[0]!.state === 'draining' && outstanding(copy) === 0
}

/** Whether it starts for the first time, and not after a fault. */
function isNew([first]: Copy): boolean {
  return !first!.down.running
}

function outstanding(copy: Copy): number {
  return copy.reduce((sum, replica) => sum + replica.outstanding, 0)
}
