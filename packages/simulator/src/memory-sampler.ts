/** Samples kept at most; when there are more, every second one goes and the interval doubles. */
const CAPACITY = 4096

/** The used KV blocks of a replica, sampled at equal intervals of simulated time. */
export class MemorySampler {
  /** When the next sample is due, in seconds. */
  next: number
  interval: number = 2 ** -10
  size: number = 0
  readonly values: Float64Array = new Float64Array(CAPACITY)
  readonly #end: number

  /** Samples from `startSeconds` to `endSeconds`. */
  constructor(startSeconds: number, endSeconds: number) {
    this.next = startSeconds
    this.#end = endSeconds
  }

  add(blocks: number): void {
    if (this.size === CAPACITY) {
      for (let i = 0; i < CAPACITY / 2; i++) this.values[i] = this.values[2 * i]!
      this.size = CAPACITY / 2
      this.interval *= 2
      // The sample that is due now stays on the coarser grid: CAPACITY is even.
    }
    this.values[this.size++] = blocks
    this.next += this.interval
    if (this.next > this.#end) this.next = Infinity
  }
}
