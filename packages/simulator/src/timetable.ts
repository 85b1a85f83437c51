import type { EventHandle, EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'

/** Tags of the event queue from here on are numbers of appointments. */
export const FIRST_APPOINTMENT: number = 2 ** 30
/** Of equal times, what concerns the whole system comes before transfers and batches. */
const PRIORITY = -1

/** Something that happens at times of its own: a fault, a look at the load. */
class Appointment {
  event: EventHandle = NO_EVENT
  readonly keep: (now: number) => void
  /** Whether it keeps the run going. */
  readonly isWork: boolean

  constructor(keep: (now: number) => void, isWork: boolean) {
    this.isWork = isWork
    this.keep = keep
  }
}

/**
 * What happens at times of its own, beside requests and batches. Unless it is work on requests it does not
 * keep a run going, which ends when nothing else is left.
 */
export class Timetable {
  readonly #queue: EventQueue
  readonly #appointments: Appointment[] = []
  /** Numbers of those that are over and will not come again. */
  readonly #free: number[] = []
  #pending = 0
  /** Appointments in a row during which nothing else was ahead. */
  keptInRow: number = 0

  constructor(queue: EventQueue) {
    this.#queue = queue
  }

  /** Whether anything was ever entered. */
  get inUse(): boolean {
    return this.#appointments.length > 0
  }

  /** Whether nothing else is ahead. */
  get isAlone(): boolean {
    return this.#queue.size === this.#pending
  }

  /**
   * Enters something that is to happen, at times set by `at`.
   *
   * @param isWork - whether it keeps the run going, as part of serving requests
   * @returns its number
   */
  enter(keep: (now: number) => void, isWork = false): number {
    const number = this.#appointments.length
    this.#appointments.push(new Appointment(keep, isWork))
    return number
  }

  /**
   * Enters something that is to happen once, at `time`; never, if that is Infinity. It does not keep the
   * run going either.
   */
  once(time: number, keep: (now: number) => void): void {
    if (time === Infinity) return
    const number = this.#free.pop() ?? this.#appointments.length
    this.#appointments[number] = new Appointment((now) => {
      this.#free.push(number)
      keep(now)
    }, false)
    this.at(number, time)
  }

  /** Sets or moves the time of the next one, in seconds; Infinity: none. */
  at(number: number, time: number): void {
    const appointment = this.#appointments[number]!
    const { event } = appointment
    if (time === Infinity) {
      if (event === NO_EVENT) return
      this.#queue.cancel(event)
      appointment.event = NO_EVENT
      if (!appointment.isWork) this.#pending--
    } else if (event === NO_EVENT) {
      appointment.event = this.#queue.schedule(time, PRIORITY, FIRST_APPOINTMENT + number)
      if (!appointment.isWork) this.#pending++
    } else this.#queue.reschedule(event, time)
  }

  /** Keeps the appointment whose event, of that tag, has come. */
  keep(tag: number, now: number): void {
    const appointment = this.#appointments[tag - FIRST_APPOINTMENT]!
    appointment.event = NO_EVENT
    if (!appointment.isWork) this.#pending--
    this.keptInRow = this.isAlone ? this.keptInRow + 1 : 0
    appointment.keep(now)
  }
}
