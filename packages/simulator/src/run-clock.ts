/** The clock of a run, and the time that requests spend in the system. */
export class RunClock {
  /** Time of the last event, in seconds. */
  now: number = 0
  /** Requests in the system, integrated over time. */
  requestSeconds: number = 0

  /** Goes on to `time`, with so many requests in the system until then. */
  advanceTo(time: number, inSystem: number): void {
    this.requestSeconds += inSystem * (time - this.now)
    this.now = time
  }
}
