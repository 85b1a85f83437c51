import type { FaultSpec, FaultsSpec } from '@llmsim/contracts'
import type { RandomStream } from '@llmsim/engine'
import { drawExponential, randomStream } from '@llmsim/engine'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'
import type { Timetable } from './timetable.js'

export interface FaultProcessParts {
  readonly timetable: Timetable
  readonly pools: readonly Pool[]
  strike(replicas: readonly Replica[], what: 'replica' | 'node', now: number): void
  repair(replica: Replica, now: number): void
  /** The link between the pools has this share of its bandwidth from now on. */
  scaleLink(factor: number, now: number): void
}

/** What breaks together: the replicas of a node, one replica, or the link where there are none. */
interface Unit {
  readonly replicas: readonly Replica[]
}

/** Breaks things and repairs them, each by its own schedule or its own random times. */
export class FaultProcesses {
  readonly #parts: FaultProcessParts
  /** Shares of the bandwidth, of the faults that the link is under. */
  readonly #linkFactors: number[] = []

  constructor(spec: FaultsSpec, parts: FaultProcessParts) {
    this.#parts = parts
    spec.faults.forEach((fault, i) => {
      const units = unitsOf(fault, parts.pools)
      if (fault.mtbfSeconds === undefined)
        this.#scheduled(fault, units, randomStream(spec.seed, `faults-${i}`))
      else
        units.forEach((unit, number) => {
          this.#random(fault, unit, randomStream(spec.seed, `faults-${i}-${number}`))
        })
    })
  }

  /** Breaks at fixed times, a unit drawn anew each time where several are meant. */
  #scheduled(fault: FaultSpec, units: readonly Unit[], random: RandomStream): void {
    const { timetable } = this.#parts
    const { atSeconds = 0, everySeconds = Infinity, durationSeconds = Infinity } = fault
    let occurrence = 0
    const number = timetable.enter((now) => {
      const unit = drawn(units, random)
      if (unit !== undefined) {
        this.#break(fault, unit, now, durationSeconds === Infinity)
        timetable.once(now + durationSeconds, (then) => {
          this.#mend(fault, unit, then)
        })
      }
      timetable.at(number, atSeconds + ++occurrence * everySeconds)
    })
    timetable.at(number, atSeconds)
  }

  /** Breaks and is repaired after times that are drawn, over and over. */
  #random(fault: FaultSpec, unit: Unit, random: RandomStream): void {
    const { timetable } = this.#parts
    const { mtbfSeconds = Infinity, mttrSeconds = Infinity } = fault
    const draw = (mean: number): number => mean * drawExponential(random)
    const broken = timetable.enter((now) => {
      this.#break(fault, unit, now, false)
      timetable.once(now + draw(mttrSeconds), (then) => {
        this.#mend(fault, unit, then)
        timetable.at(broken, then + draw(mtbfSeconds))
      })
    })
    timetable.at(broken, draw(mtbfSeconds))
  }

  #break(fault: FaultSpec, unit: Unit, now: number, isForGood: boolean): void {
    if (fault.kind !== 'link') {
      if (isForGood) for (const replica of unit.replicas) replica.isLost = true
      this.#parts.strike(unit.replicas, fault.kind, now)
      return
    }
    this.#linkFactors.push(fault.bandwidthFactor ?? 1)
    this.#scaleLink(now)
  }

  #mend(fault: FaultSpec, unit: Unit, now: number): void {
    if (fault.kind !== 'link') {
      for (const replica of unit.replicas) this.#parts.repair(replica, now)
      return
    }
    this.#linkFactors.splice(this.#linkFactors.indexOf(fault.bandwidthFactor ?? 1), 1)
    this.#scaleLink(now)
  }

  /** Of faults of the link at one time the worst one counts. */
  #scaleLink(now: number): void {
    this.#parts.scaleLink(Math.min(1, ...this.#linkFactors), now)
  }
}

/** The one that is meant, or any of those that are there; undefined where none is. */
function drawn(units: readonly Unit[], random: RandomStream): Unit | undefined {
  if (units.length === 1) return units[0]
  const there = units.filter(({ replicas }) => replicas.some(({ state }) => state !== 'off'))
  return there.length > 1 ? there[random.nextInt(there.length)] : there[0]
}

/** Everything that a fault may hit, in order. */
function unitsOf({ kind, pool, replica, node }: FaultSpec, pools: readonly Pool[]): Unit[] {
  if (kind === 'link') return [{ replicas: [] }]
  const meant = pool === undefined ? pools : [pools[pool]!]
  return meant.flatMap((each) => {
    const units = kind === 'replica' ? each.copies : each.nodes
    const number = kind === 'replica' ? replica : node
    const chosen = number === undefined ? units : [units[number]!]
    return chosen.map((replicas) => ({ replicas }))
  })
}
