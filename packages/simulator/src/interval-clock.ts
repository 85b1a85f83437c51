import { overlapSeconds } from '@llmsim/metrics'

/** How long something held, in all and inside the measured window; on and off any number of times. */
export class IntervalClock {
  #since = NaN
  #total = 0
  #inWindow = 0
  readonly #start: number
  readonly #end: number

  /** @param start - of the measured window, in seconds, as `end` */
  constructor(start: number, end: number) {
    this.#start = start
    this.#end = end
  }

  get running(): boolean {
    return !Number.isNaN(this.#since)
  }

  start(now: number): void {
    if (!this.running) this.#since = now
  }

  stop(now: number): void {
    if (!this.running) return
    this.#total += now - this.#since
    this.#inWindow += overlapSeconds(this.#since, now, this.#start, this.#end)
    this.#since = NaN
  }

  /** Seconds until `now`. */
  total(now: number): number {
    return this.#total + (this.running ? now - this.#since : 0)
  }

  /** Seconds until `now` that lie inside the measured window. */
  inWindow(now: number): number {
    if (!this.running) return this.#inWindow
    return this.#inWindow + overlapSeconds(this.#since, now, this.#start, this.#end)
  }
}
