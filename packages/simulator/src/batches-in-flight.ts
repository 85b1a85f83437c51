/** How long a replica with pipeline stages had at least one batch in flight. */
export class BatchesInFlight {
  /** Seconds of the whole run. */
  seconds: number = 0
  #batches = 0
  #since = 0

  begin(now: number): void {
    if (this.#batches++ === 0) this.#since = now
  }

  end(now: number): void {
    if (--this.#batches === 0) this.seconds += now - this.#since
  }
}
