/** A server (a link, a copy engine) that works on one job after another, in the order they come. */
export class FifoServer {
  #freeAt = 0
  #busySeconds = 0
  #jobs = 0

  /** When the jobs so far will be done, in seconds. */
  get freeAt(): number {
    return this.#freeAt
  }

  /** Seconds of work of all jobs so far. */
  get busySeconds(): number {
    return this.#busySeconds
  }

  get jobs(): number {
    return this.#jobs
  }

  /**
   * Takes a job that comes at `now` and needs `seconds` of work.
   *
   * @returns when it will be done: it starts when all earlier jobs are
   */
  serve(now: number, seconds: number): number {
    this.#freeAt = Math.max(now, this.#freeAt) + seconds
    this.#busySeconds += seconds
    this.#jobs++
    return this.#freeAt
  }
}
